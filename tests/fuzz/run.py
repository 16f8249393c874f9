#!/usr/bin/env python3
"""Fuzzes every target in turn until together they have run EXECUTIONS times, and reports in docs/fuzzing.md.

Each target gets the same time a round, so that the cheap ones run more often. What a target was found to fail
on lies in target/fuzz/findings/<target>; copied into tests/fuzz/regressions/<target> it is a test.

    EXECUTIONS=10000000   how many, together
    ONLY="flow ingest"    these targets
    ROUND=30              seconds for a target in a round
    SAMPLES=../shared/fixtures/webhooks   vendors' samples to start from too, where there are
    REPORT=docs/fuzzing.md                where the figures go; empty for nowhere
"""
import json, os, pathlib, platform, re, subprocess, sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
TARGET = ROOT / "target/fuzz"
HOST = re.search(r"host: (\S+)", subprocess.run(["rustc", "-vV"], capture_output=True, text=True, check=True).stdout)[1]
BINARY = TARGET / HOST / "release/harkara-fuzz"
# The most memory of a process in MB, and the most seconds of one execution.
MEMORY, SECONDS = 1024, 10
MOST_ROUNDS = 100
# What cargo-fuzz has the compiler do; all of it is there on stable.
COVERAGE = " ".join(["--cfg fuzzing", "-Cpasses=sancov-module"] + [f"-Cllvm-args=-sanitizer-coverage-{mark}" for mark in (
    "level=4", "inline-8bit-counters", "pc-table", "trace-compares")])


def build():
    """The targets under libFuzzer, and the tool that lists them and writes their seeds."""
    cargo = ["cargo", "build", "--release", "--locked", "--manifest-path", ROOT / "tests/fuzz/libfuzzer/Cargo.toml"]
    # A named target keeps the marks out of build scripts and macros.
    environment = {**os.environ, "RUSTFLAGS": COVERAGE, "CARGO_INCREMENTAL": "0"}
    subprocess.run([*cargo, "--target", HOST, "--target-dir", TARGET], check=True, env=environment, cwd=ROOT)


def targets():
    """Names, what they read, and the longest input worth trying, as the binary tells them."""
    told = subprocess.run([BINARY], capture_output=True, text=True, env={**os.environ, "HARKARA_FUZZ_TARGET": "?"})
    return [line.split("\t") for line in told.stdout.splitlines()]


def seeds(samples):
    environment = {**os.environ, "HARKARA_FUZZ_TARGET": "?", "HARKARA_FUZZ_SEEDS": str(TARGET / "seeds")}
    if samples.is_dir():
        environment["HARKARA_FUZZ_SAMPLES"] = str(samples)
    subprocess.run([BINARY], check=True, stdout=subprocess.DEVNULL, env=environment)


def words(value):
    """The names and the fixed words of a schema or a sample."""
    if isinstance(value, dict):
        yield from value
        for inner in value.values():
            yield from words(inner)
    elif isinstance(value, list):
        for inner in value:
            yield inner if isinstance(inner, str) else ""
            yield from words(inner)


def dictionary():
    """What the language of flows, the API and the samples are made of."""
    files = [ROOT / "docs/flow.schema.json", ROOT / "functions/console/src/api/openapi.json"]
    files += (ROOT / "events").rglob("*.json")
    known = {word for file in files for word in words(json.loads(file.read_text()))}
    known = sorted(word for word in known if re.fullmatch(r"[\w./-]{2,40}", word))
    path = TARGET / "words.dict"
    path.write_text("".join(f'"{word}"\n"\\"{word}\\":"\n' for word in known))
    return path


def run(name, longest, seconds, dictionary):
    """One round of a target: executions, executions a second, peak MB, edges reached, and whether it held."""
    corpus, findings = TARGET / "corpus" / name, TARGET / "findings" / name
    corpus.mkdir(parents=True, exist_ok=True)
    findings.mkdir(parents=True, exist_ok=True)
    kept = [ROOT / "tests/fuzz" / kind / name for kind in ("corpus", "regressions")] + [TARGET / "seeds" / name]
    command = ["nice", "-n", "10", BINARY, corpus, *(folder for folder in kept if folder.is_dir()),
               f"-max_len={longest}", f"-max_total_time={seconds}", f"-rss_limit_mb={MEMORY}", f"-timeout={SECONDS}",
               f"-dict={dictionary}", f"-artifact_prefix={findings}/", "-print_final_stats=1", "-reload=0"]
    done = subprocess.run(command, capture_output=True, env={**os.environ, "HARKARA_FUZZ_TARGET": name})
    said = done.stderr.decode(errors="replace")
    stat = lambda what: int((re.findall(rf"stat::{what}:\s+(\d+)", said) or [0])[-1])
    edges = int((re.findall(r"cov: (\d+)", said) or [0])[-1])
    if done.returncode:
        (findings / "log.txt").write_text(said)
    return stat("number_of_executed_units"), stat("peak_rss_mb"), edges, done.returncode == 0


def table(figures):
    rows = ["| target | reads | executions | a second | peak memory | edges | findings |", "|---|---|--:|--:|--:|--:|--:|"]
    for name, (reads, count, seconds, peak, edges, found) in figures.items():
        rows.append(f"| `{name}` | {reads} | {count:,} | {count // max(seconds, 1):,} | {peak} MB | {edges:,} | {found} |")
    total = [sum(figure[place] for figure in figures.values()) for place in (1, 2, 5)]
    peak = max(figure[3] for figure in figures.values())
    rows.append(f"| together | | {total[0]:,} | {total[0] // max(total[1], 1):,} | {peak} MB | | {total[2]} |")
    return "\n".join(rows)


def machine():
    model = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    rust = subprocess.run(["rustc", "--version"], capture_output=True, text=True, check=True).stdout.split(" (")[0]
    return f"{model[1].strip() if model else platform.machine()}, {os.cpu_count()} cores of which one was used, {rust}"


def report(path, executions, figures):
    begin, end = "<!-- figures -->", "<!-- /figures -->"
    before, rest = path.read_text().split(begin)
    told = f"\n`make fuzz EXECUTIONS={executions}` on {machine()}:\n\n{table(figures)}\n"
    path.write_text(before + begin + told + end + rest.split(end)[1])


def main():
    executions = int(os.environ.get("EXECUTIONS", "10000000"))
    seconds = int(os.environ.get("ROUND", "30"))
    only = os.environ.get("ONLY", "").split()
    build()
    all_targets = [target for target in targets() if not only or target[0] in only]
    seeds(ROOT / os.environ.get("SAMPLES", "../shared/fixtures/webhooks"))
    known = dictionary()
    where = os.environ.get("REPORT", "docs/fuzzing.md")
    figures = {name: [reads, 0, 0, 0, 0, 0] for name, longest, reads in all_targets}
    for number in range(MOST_ROUNDS):
        for name, longest, _ in all_targets:
            count, peak, edges, held = run(name, longest, seconds, known)
            figure = figures[name]
            figure[1:] = [figure[1] + count, figure[2] + seconds, max(figure[3], peak), max(figure[4], edges),
                          figure[5] + (not held)]
            print(f"round {number + 1}: {name}: {count:,} executions, {peak} MB, {edges:,} edges"
                  + ("" if held else f": FAILED, see {TARGET}/findings/{name}"), flush=True)
        together = sum(figure[1] for figure in figures.values())
        print(f"{together:,} of {executions:,}", flush=True)
        if where:
            report(ROOT / where, executions, figures)
        if together >= executions:
            break
    print(table(figures))
    return any(figure[5] for figure in figures.values())


if __name__ == "__main__":
    sys.exit(main())
