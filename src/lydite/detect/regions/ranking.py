"""Which regions come first."""
