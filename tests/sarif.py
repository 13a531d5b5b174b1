"""Holds SARIF files against the schema of SARIF 2.1.0: sarif.py CACHE FILE...

The schema is OASIS's (errata 01), as the Go module go-sarif carries it: from the module proxy at test time, kept in the folder CACHE. Prints what is wrong
and ends with 1; with 77 and the reason where the schema or Python's jsonschema cannot be had."""
import hashlib
import io
import json
import pathlib
import sys
import urllib.request
import zipfile

MODULE = "github.com/owenrumney/go-sarif/v3"
VERSION = "v3.3.1"
SHA256 = "38efd805c036d2d4fc3465984674d21fa5e26bb9fa044b3d5e17e9f5faf50929"


def schema(cache):
    kept = pathlib.Path(cache) / "sarif-schema-2.1.0.json"
    if kept.exists():
        return json.loads(kept.read_text())
    with urllib.request.urlopen(f"https://proxy.golang.org/{MODULE}/@v/{VERSION}.zip", timeout=30) as answer:
        data = answer.read()
    if hashlib.sha256(data).hexdigest() != SHA256:
        sys.exit(f"{MODULE} {VERSION} is not what it was")
    code = zipfile.ZipFile(io.BytesIO(data)).read(f"{MODULE}@{VERSION}/pkg/report/v210/sarif/schema.go").decode()
    text = code[code.index("`") + 1:code.rindex("`")]
    found = json.loads(text)
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text(text)
    return found


def main():
    try:
        import jsonschema
        wanted = schema(sys.argv[1])
    except ImportError:
        print("Python's jsonschema is not installed")
        return 77
    except OSError as e:
        print(f"the schema cannot be fetched: {e}")
        return 77
    check = jsonschema.Draft4Validator(wanted, format_checker=jsonschema.FormatChecker())
    wrong = 0
    for name in sys.argv[2:]:
        with open(name, encoding="utf-8") as f:
            report = json.load(f)
        errors = list(check.iter_errors(report))
        if not report["runs"][0]["results"]:
            errors.append("no results")
        for e in errors[:5]:
            print(f"{name}: {'/'.join(map(str, e.absolute_path))}: {e.message[:200]}" if hasattr(e, "message") else f"{name}: {e}")
        wrong += len(errors)
    return wrong > 0


sys.exit(main())
