"""A cache returns what was put in, or nothing: never an error, never a wrong vector."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lydite.core import Features, FeatureSpace, ImageId, InvalidValue, Masks, OutputError, SpaceMismatch
from lydite.features.cache import CacheKey, VectorCache, candidates_digest

SPACE = FeatureSpace("drawn", "0" * 64, "last", "none", "RGB", (0, 0, 0), (1, 1, 1), "coverage-mean, L2", 16)
KEY = CacheKey(SPACE, ImageId.of_bytes(b"picture"), "c" * 64, 512)
IDS = ("a", "b", "c")


def make_features(seed: int = 0, count: int = 3, space: FeatureSpace = SPACE) -> Features:
    vectors = np.random.default_rng(seed).standard_normal((count, space.dim)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return Features(vectors, tuple("abcdefgh"[:count]), space)


def files_of(cache: VectorCache) -> list[Path]:
    return sorted(cache.root.glob("*/??/*"))


def test_what_was_put_in_comes_out_bit_for_bit(tmp_path: Path) -> None:
    cache, features = VectorCache(tmp_path / "cache"), make_features()
    cache.put(KEY, features)
    found = VectorCache(tmp_path / "cache").find(KEY, ("x", "y", "z"))
    assert found is not None
    assert found.vectors.tobytes() == features.vectors.tobytes()
    assert found.ids == ("x", "y", "z")
    assert found.space == SPACE


def test_no_candidates_are_kept_too(tmp_path: Path) -> None:
    cache = VectorCache(tmp_path)
    cache.put(KEY, make_features(count=0))
    found = cache.find(KEY, ())
    assert found is not None
    assert len(found) == 0


@pytest.mark.parametrize(
    "other",
    [
        replace(KEY, space=replace(SPACE, layer="layer3")),
        replace(KEY, image=ImageId.of_bytes(b"another")),
        replace(KEY, candidates="d" * 64),
        replace(KEY, candidates="c" * 63 + "d"),
        replace(KEY, scale=224),
    ],
)
def test_any_other_key_is_a_miss(tmp_path: Path, other: CacheKey) -> None:
    cache = VectorCache(tmp_path)
    cache.put(KEY, make_features())
    assert cache.find(other, IDS) is None


def test_an_empty_or_impossible_root_is_a_miss(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    assert VectorCache(tmp_path / "nothing").find(KEY, IDS) is None
    assert VectorCache(tmp_path / "file").find(KEY, IDS) is None


def test_any_damaged_byte_is_a_miss_and_removed(tmp_path: Path) -> None:
    cache = VectorCache(tmp_path)
    cache.put(KEY, make_features())
    (path,) = files_of(cache)
    content = path.read_bytes()
    for place in range(0, len(content), 7):
        path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        assert cache.find(KEY, IDS) is None
        assert not path.exists()


def test_any_cut_is_a_miss_and_removed(tmp_path: Path) -> None:
    cache = VectorCache(tmp_path)
    cache.put(KEY, make_features())
    (path,) = files_of(cache)
    content = path.read_bytes()
    for length in (0, 1, 20, len(content) // 2, len(content) - 1):
        path.write_bytes(content[:length])
        assert cache.find(KEY, IDS) is None
        assert not path.exists()
    path.write_bytes(content + b"\0")
    assert cache.find(KEY, IDS) is None


def test_a_file_under_the_name_of_another_is_a_miss(tmp_path: Path) -> None:
    cache, other = VectorCache(tmp_path), replace(KEY, image=ImageId.of_bytes(b"another"))
    cache.put(KEY, make_features(0))
    (first,) = files_of(cache)
    cache.put(other, make_features(1))
    (second,) = set(files_of(cache)) - {first}
    second.write_bytes(first.read_bytes())
    assert cache.find(other, IDS) is None
    assert cache.find(KEY, IDS) is not None


def test_ids_that_do_not_fit_are_the_callers_mistake(tmp_path: Path) -> None:
    cache = VectorCache(tmp_path)
    cache.put(KEY, make_features())
    with pytest.raises(InvalidValue, match=r"^ids must be one for each of 3 cached vectors\. Seen: 2$"):
        cache.find(KEY, ("a", "b"))


def test_vectors_of_another_space_are_refused(tmp_path: Path) -> None:
    other = replace(SPACE, layer="layer3")
    with pytest.raises(SpaceMismatch, match="layer: 'last' != 'layer3'"):
        VectorCache(tmp_path).put(KEY, make_features(space=other))


def test_the_space_stands_beside_its_vectors_in_full(tmp_path: Path) -> None:
    cache = VectorCache(tmp_path)
    cache.put(KEY, make_features())
    path = tmp_path / SPACE.id / "space.json"
    assert FeatureSpace(**json.loads(path.read_text())) == SPACE
    path.write_text("{}")
    cache.put(KEY, make_features())
    assert FeatureSpace(**json.loads(path.read_text())) == SPACE


def test_a_disk_that_refuses_is_an_error_with_a_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(
        OutputError, match=r"^The cache of vectors cannot be written: Not a directory\. Free space"
    ):
        VectorCache(tmp_path / "file").put(KEY, make_features())

    def full(path: Path, data: bytes) -> int:
        path.touch()
        raise OSError(28, "No space left on device")

    cache = VectorCache(tmp_path / "cache")
    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OutputError, match="No space left on device"):
        cache.put(KEY, make_features())
    monkeypatch.undo()
    assert list(cache.root.rglob("*.writing")) == []
    assert cache.find(KEY, IDS) is None


def put_many(cache: VectorCache, count: int) -> list[CacheKey]:
    keys = [replace(KEY, image=ImageId.of_bytes(bytes([number]))) for number in range(count)]
    for age, key in enumerate(keys):
        cache.put(key, make_features(age))
    for age, key in enumerate(keys):
        (path,) = cache.root.glob(f"*/??/{key.image}*")
        os.utime(path, (1_000_000 + age, 1_000_000 + age))
    return keys


def test_pruning_removes_what_was_used_longest_ago(tmp_path: Path) -> None:
    cache = VectorCache(tmp_path)
    keys = put_many(cache, 4)
    size = files_of(cache)[0].stat().st_size
    assert cache.find(keys[0], IDS) is not None
    assert cache.prune(2 * size) == 2 * size
    assert [cache.find(key, IDS) is not None for key in keys] == [True, False, False, True]


def test_the_cache_keeps_to_its_limit_by_itself(tmp_path: Path) -> None:
    probe = VectorCache(tmp_path / "probe")
    probe.put(KEY, make_features())
    size = files_of(probe)[0].stat().st_size
    cache = VectorCache(tmp_path / "cache", max_bytes=5 * size)
    for number in range(12):
        cache.put(replace(KEY, scale=32 + number), make_features(number))
        assert sum(path.stat().st_size for path in files_of(cache)) <= 5 * size
    assert cache.find(replace(KEY, scale=43), IDS) is not None


def test_what_a_killed_writer_left_is_pruned(tmp_path: Path) -> None:
    cache = VectorCache(tmp_path)
    cache.put(KEY, make_features())
    (path,) = files_of(cache)
    left = path.with_name("0123.writing")
    left.write_bytes(b"half")
    os.utime(left, (1, 1))
    cache.prune(path.stat().st_size)
    assert files_of(cache) == [path]


def test_sizes_name_each_space(tmp_path: Path) -> None:
    cache, other = VectorCache(tmp_path), replace(SPACE, encoder="second")
    assert cache.sizes() == ()
    put_many(cache, 3)
    cache.put(replace(KEY, space=other), make_features(space=other))
    first, second = cache.sizes()
    assert (first.space_id, first.encoder, first.files) == (SPACE.id, "drawn", 3)
    assert (second.space_id, second.encoder, second.files) == (other.id, "second", 1)
    assert first.size == 3 * second.size


def test_a_negative_limit_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidValue, match=r"^VectorCache\.max_bytes must be 0 or more\. Seen: -1$"):
        VectorCache(tmp_path, -1)


def test_the_digest_tells_candidate_sets_apart() -> None:
    dense = np.zeros((2, 4, 6), np.bool_)
    dense[0, 1], dense[1, :, 2] = True, True
    masks = Masks.from_dense(dense)
    others = [masks[[1, 0]], masks[[0]], Masks.from_dense(dense.reshape(2, 6, 4)), Masks.empty((4, 6))]
    digests = {candidates_digest(each) for each in [masks, *others]}
    assert len(digests) == 5
    assert candidates_digest(Masks.from_dense(dense)) == candidates_digest(masks)


def test_the_digest_is_the_same_for_ever() -> None:
    masks = Masks(np.array([[1, 3], [4, 6]]), np.array([0, 1, 2]), (2, 3))
    assert candidates_digest(masks)[:16] == "db6e3d2a56f6e56b"
