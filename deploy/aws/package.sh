#!/usr/bin/env bash
# Makes the zip of the template's function: the program, every library that it needs, and a bootstrap.
# Usage: deploy/aws/package.sh [-o FILE.zip] [--binary PROGRAM]
#   -o FILE        default: uploadbench-lambda.zip
#   --binary PATH  a program that is built already; default: a release build, which takes minutes
# The libraries come along, the C library and its loader too, because those of the build may be newer than
# Lambda's (provided.al2023). Build on the architecture that the template is told.
set -euo pipefail

fail() {
    echo "package.sh: $1" >&2
    exit 1
}

root=$(cd "$(dirname "$0")/../.." && pwd)
output=uploadbench-lambda.zip binary=
while [ $# -gt 0 ]; do
    case $1 in
    -o | --binary) [ $# -gt 1 ] || fail "$1 needs a path" ;;&
    -o) output=$2 && shift 2 ;;
    --binary) binary=$2 && shift 2 ;;
    -h | --help) sed -n '2,8s/^# \{0,1\}//p' "$0" && exit ;;
    *) fail "unknown argument '$1' (see --help)" ;;
    esac
done
for tool in python3 ldd; do
    command -v "$tool" >/dev/null || fail "needs $tool"
done
if [ -z "$binary" ]; then
    cd "$root"
    swift build -c release --product uploadbench --static-swift-stdlib
    binary=$(swift build -c release --show-bin-path)/uploadbench
    cd - >/dev/null
fi
[ -x "$binary" ] || fail "there is no program '$binary'"

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/lib"
cp "$binary" "$folder/uploadbench"
! command -v strip >/dev/null || strip "$folder/uploadbench"

libraries=$(ldd "$binary") || fail "'$binary' is no dynamic program of this machine"
! grep -q 'not found' <<<"$libraries" || fail "$(grep 'not found' <<<"$libraries")"
loader=
while read -r name arrow path _; do
    if [ "$arrow" = "=>" ]; then
        cp -L "$path" "$folder/lib/$name"
    elif [[ $name == /* ]]; then
        loader=${name##*/}
        cp -L "$name" "$folder/lib/$loader"
    fi
done <<<"$libraries"
[ -n "$loader" ] || fail "ldd names no loader for '$binary'"
! command -v strip >/dev/null || strip --strip-unneeded "$folder"/lib/*.so* 2>/dev/null || true

cat >"$folder/bootstrap" <<EOF
#!/bin/sh
# Lambda starts this. The certificates are the system's, wherever it has them.
here=\$(CDPATH= cd -- "\$(dirname -- "\$0")" && pwd)
for file in /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/certs/ca-certificates.crt; do
    [ -n "\$AWS_CA_BUNDLE" ] || [ ! -r "\$file" ] || export AWS_CA_BUNDLE="\$file"
done
exec "\$here/lib/$loader" --library-path "\$here/lib" "\$here/uploadbench" lambda
EOF
chmod 0755 "$folder/bootstrap" "$folder/uploadbench" "$folder"/lib/*

python3 - "$folder" "$output" <<'EOF'
import os, sys, zipfile

folder, output = sys.argv[1:]
paths = sorted(os.path.join(at, name) for at, _, names in os.walk(folder) for name in names)
limit = 250 << 20  # AWS Lambda, "Quotas": deployment package, unzipped.
size = sum(os.path.getsize(path) for path in paths)
if size > limit:
    sys.exit(f"package.sh: {size} bytes unzipped are more than Lambda's {limit}")
partial = f"{output}.{os.getpid()}.new"
try:
    with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as package:
        for path in paths:
            # The same input makes the same zip.
            entry = zipfile.ZipInfo(os.path.relpath(path, folder), (2026, 1, 1, 0, 0, 0))
            entry.external_attr, entry.compress_type = 0o100755 << 16, zipfile.ZIP_DEFLATED
            with open(path, "rb") as file:
                package.writestr(entry, file.read())
    os.replace(partial, output)
finally:
    if os.path.exists(partial):
        os.remove(partial)
print(f"{output}: {os.path.getsize(output) / 1e6:.1f} MB, {size / 1e6:.1f} MB unzipped")
EOF
