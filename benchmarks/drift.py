"""Drift: false alarms where nothing drifted, power where something did, accuracy without labels, and the time of a look.

    python -m benchmarks.drift_images                 first: embed photos and tiles of NIGHTLENS_DATA, as they are and corrupted
    python -m benchmarks.drift                        all questions
    python -m benchmarks.drift false-alarms --sets photos --splits 200

Images are real, measured and embedded by the default backbone; predictions are by heads that have not seen the image's group. Views
of one tile count as a clip, except where classes are drawn by images. Samples are drawn without replacement, so that no image is on
both sides; only the chains of a hundred nights draw from all images again each night. The classifier's ridge was chosen for cats
and dogs among tiles (`photos+tiles`); the test of shares was added when distributions of beliefs had missed classes × 3 on `tiles`;
all else was set before any figure was seen.
The peer is what is often done: `scipy.stats.ks_2samp` of each property and prediction, with Holm's correction at 5 %, images for
independent ones.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from scipy.stats import ks_2samp

from benchmarks.drift_accuracy import tell_accuracy
from benchmarks.drift_images import CACHE, PROPERTIES
from benchmarks.drift_worlds import NIGHT_IMAGES, Trial, World, drawn_night, drifted, without_drift
from pipeline_tasks.drift.evidence import Evidence, grown_reference, with_look
from pipeline_tasks.drift.looking import DRAWS, Look, look
from pipeline_tasks.drift.record import CLASSIFIER, EMBEDDING, PREDICTION, PROPERTY, SHARE, DriftRecord
from pipeline_tasks.drift.sample import Sample
from pipeline_tasks.intervals.proportions import wilson

QUICK_DRAWS, LEVEL = 199, 0.05
KINDS = (PROPERTY, PREDICTION, SHARE, EMBEDDING, CLASSIFIER)


def main(words: Sequence[str] | None = None) -> None:
    """Print one line a question, beside its limit."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("questions", nargs="*", default=["false-alarms", "nights", "power", "accuracy", "time"])
    parser.add_argument("--sets", nargs="+", default=["photos", "tiles", "photos+tiles"])
    parser.add_argument("--splits", type=int, default=1000)
    parser.add_argument("--chains", type=int, default=20)
    parser.add_argument("--nights", type=int, default=100)
    parser.add_argument("--repeats", type=int, default=100)
    parser.add_argument("--cache", type=Path, default=CACHE)
    given = parser.parse_args(words)
    asked: dict[str, Callable[[World], None]] = {
        "false-alarms": lambda world: tell_false_alarms(world, given.splits),
        "nights": lambda world: tell_nights(world, given.chains, given.nights),
        "power": lambda world: tell_power(world, given.repeats),
        "accuracy": tell_accuracy,
    }
    for name in given.sets:
        world = World(name, given.cache)
        for question in [one for one in asked if one in given.questions and ("+" not in name or one == "power")]:
            asked[question](world)
    if "time" in given.questions:
        tell_time()


def tell_false_alarms(world: World, splits: int) -> None:
    """Share of splits without drift in which each test, and all together, have p up to 5 %."""
    beliefs = world.beliefs(world.plain)
    trials = [without_drift(world, beliefs, seed) for seed in range(splits)]
    looks = [look(one.reference, one.production, seed, QUICK_DRAWS) for seed, one in enumerate(trials)]
    print(f"{world.name}: {splits} splits without drift, {len(trials[0].reference)} images beside {len(trials[0].production)}")
    shares = []
    for at, record in enumerate(looks[0].records):
        found = sum(one.records[at].p <= LEVEL for one in looks)
        shares.append(100 * found / splits)
        print(f"  {record.test} {record.subject}: {_share(found, splits)}, wanted 5 ± 1")
    varied = [one for one in shares if one > 0]
    bounds = f"{np.mean(varied):.1f} %, from {min(varied):.1f} to {max(varied):.1f} %"
    print(f"  mean of the {len(varied)} tests of numbers that vary: {bounds}")
    print(f"  all tests together at 5 %: {_share(sum(one.p <= LEVEL for one in looks), splits)}")
    print(f"  alarm in a single night: {_share(sum(with_look(Evidence(), one).is_alarm for one in looks), splits)}, at most 1")
    print(f"  peer at 5 %: {_share(sum(_peer_p(one) <= LEVEL for one in trials), splits)}", flush=True)


def tell_nights(world: World, chains: int, nights: int) -> None:
    """Alarms in chains of nights without drift, against a reference that grows by each night and one that stays."""
    beliefs = world.beliefs(world.plain)
    for is_grown in (True, False):
        alarms = [_alarms(world, beliefs, nights, chain, is_grown=is_grown) for chain in range(chains)]
        words = f"{chains} chains of {nights} nights of {NIGHT_IMAGES} images, {'growing' if is_grown else 'fixed'} reference"
        rate = 100 * sum(alarms) / (chains * nights)
        print(f"{world.name}: {words}: {rate:.2f} alarms in 100 nights, at most 1; most in one chain {max(alarms)}", flush=True)


def _alarms(world: World, beliefs: np.ndarray, nights: int, chain: int, *, is_grown: bool) -> int:
    first, seen, evidence, alarms = drawn_night(world, beliefs, 2 * NIGHT_IMAGES, [chain, 0]), list[Sample](), Evidence(), 0
    for night in range(nights):
        today = drawn_night(world, beliefs, NIGHT_IMAGES, [chain, night + 1])
        reference = grown_reference(first, seen, 2 * NIGHT_IMAGES, night) if is_grown else first
        evidence = with_look(evidence, look(reference, today, chain * nights + night, QUICK_DRAWS))
        seen.append(today)
        if evidence.is_alarm:
            alarms, evidence = alarms + 1, Evidence()
    return alarms


def tell_power(world: World, repeats: int) -> None:
    """Share of nights with drift that each kind of test finds, and that alarm at once."""
    for words, (wanted, made) in drifted(world, repeats).items():
        trials = made()
        looks = [look(one.reference, one.production, seed, QUICK_DRAWS) for seed, one in enumerate(trials)]
        print(f"{world.name}: {words} beside {len(trials[0].reference)}, wanted {wanted} at 5 %")
        print("  " + "; ".join(f"{kind} {_power(looks, kind)}" for kind in KINDS))
        together, alarms = (np.mean(one) for one in ([one.p <= LEVEL for one in looks], [_is_alarm(one) for one in looks]))
        peer = np.mean([_peer_p(one) <= LEVEL for one in trials])
        print(f"  all tests together {together:.2f}; alarm in the first night {alarms:.2f}; peer {peer:.2f}", flush=True)


def _power(looks: Sequence[Look], kind: str) -> str:
    """Power of the kind's best single test, and of the kind among all tests."""
    alone = max(
        np.mean([one.p <= LEVEL for one in records]) for records in zip(*(_of_kind(one, kind) for one in looks), strict=True)
    )
    among = np.mean([any(record.adjusted_p <= LEVEL for record in _of_kind(one, kind)) for one in looks])
    return f"{alone:.2f} (among all {among:.2f})"


def _of_kind(found: Look, kind: str) -> list[DriftRecord]:
    return [one for one in found.records if one.test == kind]


def _is_alarm(found: Look) -> bool:
    return with_look(Evidence(), found).is_alarm


def _peer_p(trial: Trial) -> float:
    """Smallest p of Kolmogorov and Smirnov's test of each number, by Holm."""
    both = [{**one.properties, **one.predictions} for one in (trial.reference, trial.production)]
    return len(both[0]) * min(float(ks_2samp(both[0][name], both[1][name], method="asymp").pvalue) for name in both[0])


def tell_time() -> None:
    """Seconds for 5,000 images beside 1,000, of three cameras, with 6 properties and 6 classes."""
    generator = np.random.default_rng(0)
    reference, production = (_drawn(generator, count) for count in (5000, 1000))
    began = time.perf_counter(), time.process_time()
    found = look(reference, production, 0, DRAWS)
    wall, processor = time.perf_counter() - began[0], time.process_time() - began[1]
    said = f"{len(reference):,} beside {len(production):,} images, {len(found.records)} tests"
    print(f"{said}: {wall:.1f} s, {processor:.1f} s of processor; at most 5")


def _drawn(generator: np.random.Generator, count: int) -> Sample:
    vectors = (generator.normal(size=(count, 1280)) * 0.99 ** np.arange(1280)).astype(np.float32)
    beliefs, cameras = generator.dirichlet(np.ones(6), count), np.array(["left", "middle", "right"])
    properties = {name: generator.normal(size=count) for name in PROPERTIES}
    predictions = {str(at): beliefs[:, at] for at in range(6)}
    return Sample(np.arange(count).astype(str), properties, vectors, predictions, cameras[generator.integers(0, 3, count)])


def _share(count: int, of: int) -> str:
    low, high = wilson(count / of, of, 0.95)
    return f"{100 * count / of:.1f} % ({100 * low:.1f} to {100 * high:.1f})"


if __name__ == "__main__":
    main()
