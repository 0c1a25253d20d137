"""How much of each parser the corpus reaches, by line; `make fuzz-coverage`.

Usage: coverage.py [--only TARGET…] [--no-build]

Replays the corpus of each target by itself and counts only the files that the target is there for. The table and the
regions that no input reaches go to Tests/Torture/records/coverage.json; `make torture` writes the table into
docs/reliability.md.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from datetime import date
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
SOURCES = ROOT / "Sources"
SCRATCH = ROOT / ".build-coverage"
sys.path.insert(0, str(ROOT / "Tests/Torture"))

import torture  # noqa: E402
from fuzz import targets  # noqa: E402
from section import Section, keep  # noqa: E402

# What a target is to take apart, below Sources. What it only passes through is left out.
FILES = {
    "http": ["NetIO/ChunkedDecoder", "NetIO/FieldSection", "Testbed/Server/HeadReader", "Testbed/Server/IncomingBody",
             "Testbed/Server/RequestHead", "Testbed/Server/RequestHeadScanner"],
    "form": ["Testbed/Store/Form/FormParser", "Testbed/Store/Form/FormPartHead"],
    "policy": ["Presign/Policy/PolicyEvaluation", "Presign/Policy/PostPolicy", "Presign/Policy/PostPolicyParser"],
    "presign": ["Presign/Query/CanonicalRequest", "Presign/Verification/HeaderVerification",
                "Presign/Verification/PresignedVerification", "Presign/Verification/SignatureVerifier",
                "Presign/Verification/VersionTwoVerification"],
    "csv": ["Measure/CSVReader"],
    "plan": ["BenchRunner/CommandLine/Arguments", "BenchRunner/CommandLine/PlanFile", "BenchRunner/CommandLine/Settings",
             "BenchRunner/Run/LoadSettings", "BenchRunner/Run/RunPlanSettings", "Measure/RateProfile"],
    "answer": ["NetIO/ChunkedDecoder", "NetIO/FieldSection", "Testbed/Server/Upstream/UpstreamAnswerReader",
               "Transfer/AnswerReader"],
    "json": ["Presign/JSON/JSONParser", "Presign/JSON/JSONValue"],
    "body": ["Presign/Verification/ChunkSignatureVerifier", "Testbed/Store/Answer/XMLReader",
             "Testbed/Store/Bucket/CORSConfiguration", "Testbed/Store/Upload/AWSChunkedDecoder"],
    "config": ["BenchRunner/Credentials/AWSConfigFile", "BenchRunner/Credentials/ShellWords"],
    "batch": ["BenchRunner/PresignBatchQuick", "BenchRunner/PresignBatchShape", "BenchRunner/PresignCommandBatch",
              "BenchRunner/PresignCommandInputs"],
    "results": ["BenchRunner/Recorded/" + name for name in (
        "RecordedCell", "RecordedCutOff", "RecordedDistributions", "RecordedGuard", "RecordedRecord", "RecordedRun",
        "RecordedSamples", "RecordedTable", "RecordedWholeness")],
}  # fmt: skip
NOTE = (
    "What is left is members that other code calls, refusals of what an earlier check has refused already, bounds of a "
    "megabyte or of more lines than a target takes, and what a target leaves out on purpose: settings from the "
    "environment in plan, and headers with a good signature in presign, since nobody has signed an input."
)
COLUMNS = ["target", "files", "lines", "reached by the corpus", "regions not reached"]


@dataclass
class Coverage:
    target: str
    lines: int
    reached: int
    # "path:line: the source line" of each region that no input of the corpus runs.
    missed: list[str]

    def row(self) -> list[str]:
        files = ", ".join(f"`{Path(name).name}`" for name in FILES[self.target])
        share = f"{self.reached:,} ({100 * self.reached / self.lines:.1f}%)"
        return [self.target, files, f"{self.lines:,}", share, str(len(self.missed))]


def build() -> None:
    subprocess.run(
        ["swift", "build", "--build-tests", "--enable-code-coverage", "--scratch-path", SCRATCH], cwd=ROOT, check=True
    )


def tool(name: str) -> str:
    """One of LLVM's tools: that of the compiler, whose format of coverage it knows."""
    beside = Path(shutil.which("swift") or "").resolve().parent / name
    found = str(beside) if beside.exists() else shutil.which(name)
    if not found:
        sys.exit(f"coverage.py: there is no {name} beside swift or on the PATH")
    return found


def measure(target: str) -> Coverage:
    binary = SCRATCH / "debug/uploadbenchPackageTests.xctest"
    profile = SCRATCH / f"corpus-{target}"
    replayed = subprocess.run(
        [binary, "--testing-library", "swift-testing", "--filter", "CorpusTests"], capture_output=True, text=True,
        env=os.environ | {"UPLOADBENCH_CORPUS": target, "LLVM_PROFILE_FILE": f"{profile}.profraw"},
    )  # fmt: skip
    if replayed.returncode != 0:
        sys.exit(f"coverage.py: the corpus of {target} fails:\n{replayed.stdout}{replayed.stderr}")
    subprocess.run(
        [tool("llvm-profdata"), "merge", "-sparse", f"{profile}.profraw", "-o", f"{profile}.profdata"], check=True
    )
    files = [str(SOURCES / f"{name}.swift") for name in FILES[target]]
    exported = subprocess.run(
        [tool("llvm-cov"), "export", binary, f"-instr-profile={profile}.profdata", *files],
        check=True, capture_output=True,
    )  # fmt: skip
    found = json.loads(exported.stdout)["data"][0]["files"]
    if missing := set(files) - {file["filename"] for file in found}:
        sys.exit(f"coverage.py: no coverage of {', '.join(missing)}; see FILES")
    lines = [file["summary"]["lines"] for file in found]
    missed = [place for file in found for place in missed_in(file)]
    return Coverage(target, sum(part["count"] for part in lines), sum(part["covered"] for part in lines), missed)


def missed_in(file: dict) -> list[str]:
    path = Path(file["filename"])
    text = path.read_text().splitlines()
    places = []
    was_missed = False
    # A segment is line, column, count, and whether it has a count, begins a region, and is a gap between regions.
    for line, _, count, has_count, begins, is_gap in file["segments"]:
        is_missed = has_count and count == 0
        # Of those in a row the first tells where the others are.
        if is_missed and begins and not is_gap and not was_missed:
            places.append(f"{path.relative_to(ROOT)}:{line}: {text[line - 1].strip()}")
        was_missed = is_missed and (was_missed or begins)
    return list(dict.fromkeys(places))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", nargs="+", choices=targets(), default=targets())
    parser.add_argument("--no-build", action="store_true")
    given = parser.parse_args()
    if not given.no_build:
        build()
    measured = [measure(target) for target in given.only]
    section = Section(COLUMNS, [coverage.row() for coverage in measured], notes=[NOTE])
    if given.only == targets():
        keep(
            "coverage", section, measured_on=str(date.today()), commit=torture.commit(), machine=torture.machine(),
            missed={coverage.target: coverage.missed for coverage in measured},
        )  # fmt: skip
    for coverage in measured:
        print("\n".join([f"{coverage.target}:", *(f"    {place}" for place in coverage.missed)]))
    print(section.markdown())


if __name__ == "__main__":
    main()
