"""Render labelled images of simple parts with Blender, headless: class folders, COCO boxes, and no window.

    blender --background --factory-startup --python docs/examples/render_parts.py -- --to rendered --count 20
    python docs/examples/render_parts.py -- --to rendered --gaps gaps.json        (Blender as a Python module: `bpy` of PyPI)

With `--gaps` it renders as many images of each class as the gap file lacks (docs/how-to/say-which-images-are-needed.md).
An example to copy and change. It was run with `bpy` 5.0.1 and 4.2.23 of PyPI; CI has no Blender and does not run it.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import sys
from pathlib import Path
from typing import Any

SHAPES = ("bolt", "nut", "washer")
SIDE_PX = 480


def main(words: list[str]) -> None:
    """Render the wanted numbers of each class, and write annotations.json beside the folders."""
    parser = argparse.ArgumentParser(prog="render_parts.py")
    parser.add_argument("--to", type=Path, required=True)
    parser.add_argument("--count", type=int, default=10, help="images of each class, where no gap file is given")
    parser.add_argument("--gaps", type=Path, help="a gap file of Nightlens")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args(words)
    numbers = dict.fromkeys(SHAPES, arguments.count) if arguments.gaps is None else wanted(json.loads(arguments.gaps.read_text()))
    drawn = random.Random(arguments.seed)
    boxes = {}
    for shape, count in numbers.items():
        for number in range(count):
            name = f"{shape}/{arguments.seed}_{number:05}.png"
            boxes[name] = render(arguments.to / name, shape, drawn)
    (arguments.to / "annotations.json").write_text(json.dumps(coco(boxes), indent=1))


def wanted(gaps: dict[str, Any]) -> dict[str, int]:
    """Number of images to render for each shape, from a gap file."""
    if gaps.get("format") != "nightlens gaps 1":
        raise SystemExit(f"--gaps: wanted a file with format 'nightlens gaps 1', found {gaps.get('format')!r}")
    found = {one["value"]: one["short"] for one in gaps["gaps"] if one["about"] == "class"}
    return {shape: found[shape] for shape in SHAPES if shape in found}


def coco(boxes: dict[str, tuple[float, float, float, float]]) -> dict[str, Any]:
    """COCO's instances file for images (class/name.png) with one box each: left, top, width, height in pixels."""
    images = [{"id": at, "file_name": name, "width": SIDE_PX, "height": SIDE_PX} for at, name in enumerate(boxes, 1)]
    objects = [
        {
            "id": at,
            "image_id": at,
            "category_id": SHAPES.index(name.split("/")[0]) + 1,
            "bbox": list(box),
            "area": box[2] * box[3],
            "iscrowd": 0,
        }
        for at, (name, box) in enumerate(boxes.items(), 1)
    ]
    categories = [{"id": number, "name": shape} for number, shape in enumerate(SHAPES, 1)]
    return {"images": images, "annotations": objects, "categories": categories}


def render(path: Path, shape: str, drawn: random.Random) -> tuple[float, float, float, float]:
    """Render one part under a random light and turn, and return its box."""
    import bpy

    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    scene.cycles.samples = 32
    scene.render.resolution_x = scene.render.resolution_y = SIDE_PX
    scene.render.filepath = str(path)
    scene.world = bpy.data.worlds.new("world")
    part = _part(bpy, shape)
    part.location = (drawn.uniform(-0.6, 0.6), drawn.uniform(-0.6, 0.6), 0)
    part.rotation_euler = (drawn.uniform(-0.5, 0.5), drawn.uniform(-0.5, 0.5), drawn.uniform(0, math.tau))
    bpy.ops.mesh.primitive_plane_add(size=20, location=(0, 0, -1.2))
    bpy.ops.object.light_add(type="AREA", location=(drawn.uniform(-3, 3), drawn.uniform(-3, 3), 5))
    bpy.context.object.data.energy = drawn.uniform(150, 900)
    bpy.context.object.data.color = (1, drawn.uniform(0.7, 0.9), drawn.uniform(0.5, 0.7))  # As a lamp; no grey images.
    bpy.ops.object.camera_add(location=(0, 0, drawn.uniform(6, 8)))
    scene.camera = bpy.context.object
    bpy.context.view_layer.update()
    bpy.ops.render.render(write_still=True)
    return _box(scene, part)


def _part(bpy: Any, shape: str) -> Any:
    """A grey metal part: a bolt is a rod with a head, a nut and a washer are rings with six or many sides."""
    if shape == "bolt":
        bpy.ops.mesh.primitive_cylinder_add(vertices=6, radius=0.6, depth=0.4, location=(0, 0, 0.8))
        head = bpy.context.object
        bpy.ops.mesh.primitive_cylinder_add(vertices=48, radius=0.3, depth=1.6)
        head.select_set(True)
        bpy.ops.object.join()
    else:
        sides, height = (6, 0.5) if shape == "nut" else (64, 0.12)
        bpy.ops.mesh.primitive_cylinder_add(vertices=64, radius=0.35, depth=2)
        hole = bpy.context.object
        bpy.ops.mesh.primitive_cylinder_add(vertices=sides, radius=0.8, depth=height)
        cut = bpy.context.object.modifiers.new("hole", "BOOLEAN")
        cut.object, cut.operation = hole, "DIFFERENCE"
        bpy.ops.object.modifier_apply(modifier=cut.name)
        bpy.data.objects.remove(hole)
    part = bpy.context.object
    metal = bpy.data.materials.new("metal")
    if metal.node_tree is None:  # Blender 5 makes it at once, and warns of this switch.
        metal.use_nodes = True
    surface = metal.node_tree.nodes["Principled BSDF"].inputs
    surface["Metallic"].default_value, surface["Roughness"].default_value = 1.0, 0.35
    part.data.materials.append(metal)
    return part


def _box(scene: Any, part: Any) -> tuple[float, float, float, float]:
    """The part's box in pixels: its corners as the camera sees them, cut at the image's edge."""
    from bpy_extras.object_utils import world_to_camera_view

    seen = [world_to_camera_view(scene, scene.camera, part.matrix_world @ one.co) for one in part.data.vertices]
    left, right = (min(max(edge(one.x for one in seen), 0.0), 1.0) * SIDE_PX for edge in (min, max))
    # A camera's view counts from below, an image from above.
    top, bottom = (min(max(1 - edge(one.y for one in seen), 0.0), 1.0) * SIDE_PX for edge in (max, min))
    return left, top, right - left, bottom - top


if __name__ == "__main__":
    main(sys.argv[sys.argv.index("--") + 1 :] if "--" in sys.argv else [])
