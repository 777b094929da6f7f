"""What we have: pictures decoded safely, annotations of other tools, files written whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lydite.core.lazy import lazy_names

if TYPE_CHECKING:
    from lydite.data.annotations import AnnotatedImage, AnnotationSet, AnnotationStream, Note
    from lydite.data.coco_writer import CocoWriter
    from lydite.data.files import atomic_path, safe_stem, write_atomic
    from lydite.data.find import ImageFile, find_images, find_unread, has_image_suffix, is_hidden, list_images
    from lydite.data.formats import (
        FORMATS,
        TARGETS,
        Format,
        Target,
        get_format,
        read_coco,
        read_cvat,
        read_cvat_video,
        read_label_studio,
        read_split,
        read_voc,
        read_yolo,
        read_yolo_names,
        write_coco,
        write_cvat,
        write_label_studio,
        write_voc,
        write_yolo,
        write_yolo_polygons,
    )
    from lydite.data.image import ImageLimits, Picture, decode_image, load_image, peek_size
    from lydite.data.names import natural_key, path_key, printable
    from lydite.data.predictions import holds_predictions, load_predictions, save_predictions
    from lydite.data.rle import Rle, from_coco_rle, to_coco_rle
else:
    __getattr__ = lazy_names(
        __name__,
        annotations="AnnotatedImage AnnotationSet AnnotationStream Note",
        coco_writer="CocoWriter",
        files="atomic_path safe_stem write_atomic",
        find="ImageFile find_images find_unread has_image_suffix is_hidden list_images",
        formats=(
            "FORMATS TARGETS Format Target get_format read_coco read_cvat read_cvat_video "
            "read_label_studio read_split read_voc read_yolo read_yolo_names write_coco write_cvat "
            "write_label_studio write_voc write_yolo write_yolo_polygons"
        ),
        image="ImageLimits Picture decode_image load_image peek_size",
        names="natural_key path_key printable",
        predictions="holds_predictions load_predictions save_predictions",
        rle="Rle from_coco_rle to_coco_rle",
    )

__all__ = [
    "FORMATS",
    "TARGETS",
    "AnnotatedImage",
    "AnnotationSet",
    "AnnotationStream",
    "CocoWriter",
    "Format",
    "ImageFile",
    "ImageLimits",
    "Note",
    "Picture",
    "Rle",
    "Target",
    "atomic_path",
    "decode_image",
    "find_images",
    "find_unread",
    "from_coco_rle",
    "get_format",
    "has_image_suffix",
    "holds_predictions",
    "is_hidden",
    "list_images",
    "load_image",
    "load_predictions",
    "natural_key",
    "path_key",
    "peek_size",
    "printable",
    "read_coco",
    "read_cvat",
    "read_cvat_video",
    "read_label_studio",
    "read_split",
    "read_voc",
    "read_yolo",
    "read_yolo_names",
    "safe_stem",
    "save_predictions",
    "to_coco_rle",
    "write_atomic",
    "write_coco",
    "write_cvat",
    "write_label_studio",
    "write_voc",
    "write_yolo",
    "write_yolo_polygons",
]
