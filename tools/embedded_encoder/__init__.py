"""How the embedded encoder is made: see README.md in this folder."""
