"""Decisions of the edge agent on a stream of real photographs: share of kept images, and images a second; `make bench-edge`.

Stream: a window of 640 x 480 moves over a photograph of NIGHTLENS_DATA (photos/), scaled up so that the window has room, then the
next. Ways, speeds and the visits in which it stands still are seeded, and each frame has a sensor's noise. `step` and the
other values were chosen on photographs of cats with seed 1 (`--tune` runs that stream); what is reported is of dogs with seed 2.

- ratio: kept / seen at the end of the stream, for several targets; at most 10 % of the target apart. Each frame is embedded once
  for all targets.
- speed: frames a second of processor time of one core with Lite0, every frame embedded (`min_change` 0), and with the cheap check;
  at least 15. JPEG encoding of kept frames is in it; decoding of the camera's frames and the network are not.
- likeness: cosine of the device's embedding of a frame to the server's.

    python -m benchmarks.edge --frames 600
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import given
import numpy as np
import numpy.typing as npt

from pipeline_tasks.backbones.efficientnet_lite0 import EfficientNetLite0
from pipeline_tasks.decoding.model_image import model_image
from pipeline_tasks.edge.backbone_file import BackboneFile
from pipeline_tasks.edge.keeping import Keeping
from pipeline_tasks.edge.kept_images import KeptImages
from pipeline_tasks.edge.ratio_threshold import RatioThreshold
from pipeline_tasks.edge.scene_change import SceneChange
from pipeline_tasks.edge.settings import InputSettings, KeepSettings
from pipeline_tasks.neighbors.cosine import Floats, unit_rows

SIZE_PX = (640, 480)
TARGETS = (0.05, 0.1, 0.2)
MAX_APART = 0.1
LEAST_FRAMES_A_S = 15.0
SIDE_PX = 224
LONGEST_VISIT = 40
"""Frames over one photograph."""
STILL_SHARE = 0.3
"""Share of the visits in which the window stands still, with the noise of a sensor."""
NOISE = 2.0
QUALITY = InputSettings("camera", "0").jpeg_quality

Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Stream:
    """Photographs in the order in which the window visits them."""

    name: str
    paths: tuple[Path, ...]
    seed: int

    def frames(self, count: int) -> Iterator[Pixels]:
        """Yield `count` frames, height x width x 3, blue first."""
        drawn = np.random.default_rng(self.seed)
        given_frames = 0
        while True:
            for number in drawn.permutation(len(self.paths)):
                image = _large_enough(self.paths[int(number)])
                room = np.array([image.shape[1] - SIZE_PX[0], image.shape[0] - SIZE_PX[1]])
                visit = int(drawn.integers(5, LONGEST_VISIT))
                start, end = drawn.uniform(0, 1, 2) * room, drawn.uniform(0, 1, 2) * room
                end = start if drawn.random() < STILL_SHARE else end
                for place in np.linspace(start, end, visit).astype(int):
                    window = image[place[1] : place[1] + SIZE_PX[1], place[0] : place[0] + SIZE_PX[0]]
                    noise = drawn.normal(0, NOISE, (SIZE_PX[1], SIZE_PX[0], 1))
                    yield np.clip(window + noise, 0, 255).astype(np.uint8)
                    given_frames += 1
                    if given_frames == count:
                        return


class EmbeddedOnce(BackboneFile):
    """A backbone that embeds a frame once, however often it is asked in turn."""

    def __init__(self, backbone: BackboneFile) -> None:
        """Embed with this one."""
        self._backbone, self._last, self._unit = backbone, None, None

    def embed(self, pixels: Pixels) -> Floats:
        """The embedding, made at its first use."""
        if self._last is not pixels:
            self._last, self._unit = pixels, self._backbone.embed(pixels)
        return self._unit


def main() -> int:
    """Print the tables; 1 if a limit is missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--frames", type=int, default=3_000, help="frames of each stream")
    parser.add_argument("--cache", type=Path, default=Path.home() / ".cache" / "nightlens-backbones")
    parser.add_argument("--tune", action="store_true", help="the stream on which the values were chosen")
    parser.add_argument("--step", type=float, default=KeepSettings(Path()).step)
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    server = EfficientNetLite0(SIDE_PX, arguments.cache)
    backbone = BackboneFile(arguments.cache / f"{server.digest}.onnx")
    animal, seed = ("cat", 1) if arguments.tune else ("dog", 2)
    paths = tuple(sorted(given.real_data("photos", animal).glob("*.jpg")))
    stream = Stream(animal, paths, seed)
    print(f"stream: a window over {len(paths)} photographs of {animal}s, seed {seed}, {arguments.frames} frames")
    is_fine = _print_ratios(EmbeddedOnce(backbone), stream, arguments.frames, arguments.step)
    is_fine &= _print_speeds(backbone, stream, min(arguments.frames, 400), arguments.step)
    _print_likeness(server, backbone, stream)
    return 0 if is_fine else 1


class Judge:
    """Judges frames as the agent does, and encodes those that it keeps."""

    def __init__(self, backbone: BackboneFile, keep: KeepSettings) -> None:
        """Begin with nothing kept."""
        assert keep.target_ratio is not None
        self.target = keep.target_ratio
        self.threshold = RatioThreshold(keep.target_ratio, keep.step, keep.min_distance)
        kept, change = KeptImages(keep.memory_images), SceneChange(keep.min_change)
        self._keeping = Keeping(backbone, kept, change, keep.min_distance, self.threshold)
        self.decisions: Counter[str] = Counter()
        self.kept, self.processor_s = 0, 0.0

    def look(self, frame: Pixels) -> None:
        """Judge one frame."""
        begun = time.process_time()
        decision = self._keeping.judge(frame)
        if decision.kept_because is not None:
            cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
            self._keeping.remember(decision)
            self.kept += 1
        self.processor_s += time.process_time() - begun
        self.decisions[decision.kept_because or str(decision.why_not)] += 1


def _print_ratios(backbone: BackboneFile, stream: Stream, frames: int, step: float) -> bool:
    """Print kept against wanted; return True if all are within the limit."""
    print(f"\nkeep ratio, step {step:g} (limit: {MAX_APART:.0%} of the target apart)")
    judges = [Judge(backbone, KeepSettings(Path(), target_ratio=target, step=step)) for target in TARGETS]
    for frame in stream.frames(frames):
        for judge in judges:
            judge.look(frame)
    for judge in judges:
        ratio = judge.kept / frames
        told = ", ".join(f"{name} {count}" for name, count in judge.decisions.most_common())
        apart = f"kept {ratio:6.2%}  apart {_apart(judge, frames):5.1%}"
        print(f"  target {judge.target:5.1%}  {apart}  threshold {judge.threshold.value:.3f}  ({told})")
    return all(_apart(judge, frames) <= MAX_APART for judge in judges)


def _apart(judge: Judge, frames: int) -> float:
    return abs(judge.kept / frames - judge.target) / judge.target


def _print_speeds(backbone: BackboneFile, stream: Stream, frames: int, step: float) -> bool:
    """Print frames a second of processor time; return True if every frame can be embedded at the wanted rate."""
    print(f"\nframes a second of one core, {frames} frames (limit: {LEAST_FRAMES_A_S:g})")
    rates = []
    for name, min_change in (("every frame embedded", 0.0), ("changed frames embedded", KeepSettings(Path()).min_change)):
        judge = Judge(backbone, KeepSettings(Path(), target_ratio=0.1, min_change=min_change, step=step))
        for frame in stream.frames(frames):
            judge.look(frame)
        embedded = frames - judge.decisions["unchanged"]
        rates.append(frames / judge.processor_s)
        print(f"  {name}: {rates[-1]:.1f} a second, {rates[-1] / LEAST_FRAMES_A_S:.2f} of the limit ({embedded} embedded)")
    return min(rates) >= LEAST_FRAMES_A_S


def _print_likeness(server: EfficientNetLite0, backbone: BackboneFile, stream: Stream) -> None:
    cosines = []
    for number, frame in enumerate(stream.frames(400)):
        if number % 20 == 0:
            there = unit_rows(server.embed(model_image(np.ascontiguousarray(frame[:, :, ::-1]), SIDE_PX)[None]))
            cosines.append(float((there @ backbone.embed(frame).T)[0, 0]))
    told = f"mean {np.mean(cosines):.4f}, least {np.min(cosines):.4f}"
    print(f"\ncosine of the device's embedding to the server's, {len(cosines)} frames: {told}")


def _large_enough(path: Path) -> Pixels:
    """A photograph, scaled so that the window can move by half of its width."""
    image = cv2.imread(str(path))
    assert image is not None, path
    scale = max(1.5 * SIZE_PX[0] / image.shape[1], 1.5 * SIZE_PX[1] / image.shape[0], 1.0)
    return np.asarray(cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC), np.uint8)


if __name__ == "__main__":
    raise SystemExit(main())
