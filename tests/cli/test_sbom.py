"""The bill of materials: it follows the published rules, says what is so, and repeats."""

import base64
import hashlib
import json
import os
import re
import shutil
import subprocess
import urllib.parse

import jsonschema
import pytest
from conftest import BUILD, FONT, ROOT, llvm
from test_manifest import TAIL, Checkout, checkout, committed, environment  # noqa: F401

SCHEMAS = ROOT / "node_modules/@cyclonedx/cyclonedx-library/res/schema"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Manifest and both documents of this tree, by a run of its own."""
    folder = tmp_path_factory.mktemp("sbom")
    subprocess.run([ROOT / "scripts/manifest", folder / "manifest.txt", *TAIL], check=True,
                   timeout=60)
    return folder


@pytest.fixture(scope="module")
def cdx(made):
    return json.loads((made / "nonos.cdx.json").read_text())


@pytest.fixture(scope="module")
def spdx(made):
    return json.loads((made / "nonos.spdx.json").read_text())


def locked():
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    return {path.removeprefix("node_modules/"): entry for path, entry in packages.items() if path}


def component(cdx, name):
    return next(each for each in cdx["components"] if each["name"] == name)


# The published rules ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def validator():
    """Of CycloneDX 1.5, from the schema files of the CycloneDX project's own library."""
    schema = json.loads((SCHEMAS / "bom-1.5.SNAPSHOT.schema.json").read_text())
    names = [f"{name}.SNAPSHOT.schema.json" for name in ("spdx", "jsf-0.82")]
    store = {urllib.parse.urljoin(schema["$id"], name): json.loads((SCHEMAS / name).read_text())
             for name in names}
    resolver = jsonschema.RefResolver(schema["$id"], schema, store=store)
    return jsonschema.Draft7Validator(schema, resolver=resolver,
                                      format_checker=jsonschema.draft7_format_checker)


def test_the_cyclonedx_file_is_valid(cdx, validator):
    assert list(validator.iter_errors(cdx)) == []


@pytest.mark.parametrize("damage", [
    lambda cdx: cdx.update(specVersion=1.5),
    lambda cdx: cdx.update(serialNumber="urn:uuid:0"),
    lambda cdx: cdx.update(more=1),
    lambda cdx: cdx["components"][0].pop("name"),
    lambda cdx: cdx["components"][0].update(type="font"),
    lambda cdx: cdx["components"][0].update(scope="tool"),
    lambda cdx: cdx["components"][0]["hashes"][0].update(content="00"),
    lambda cdx: cdx["components"][0]["licenses"][0]["license"].update(id="BSD"),
])
def test_a_cyclonedx_file_that_is_not_valid_is_seen(cdx, validator, damage):
    broken = json.loads(json.dumps(cdx))
    damage(broken)
    assert list(validator.iter_errors(broken))


def test_references_of_the_cyclonedx_file_are_unique_and_lead_somewhere(cdx):
    refs = [cdx["metadata"]["component"]["bom-ref"]]
    for each in cdx["components"]:
        refs += [each["bom-ref"], *(part["bom-ref"] for part in each.get("components", []))]
    assert len(set(refs)) == len(refs)
    for entry in cdx["dependencies"]:
        assert {entry["ref"], *entry["dependsOn"]} <= set(refs)


# SPDX 2.3 has no schema in any package: its clauses 6, 7 and 11, as far as they concern us.
SPDX_DOCUMENT = {"spdxVersion", "dataLicense", "SPDXID", "name", "documentNamespace",
                 "creationInfo", "packages", "relationships"}
SPDX_PACKAGE = {"SPDXID", "name", "downloadLocation", "filesAnalyzed", "licenseConcluded",
                "licenseDeclared", "copyrightText", "primaryPackagePurpose"}
SPDX_MORE = {"versionInfo", "comment", "sourceInfo", "checksums", "externalRefs"}
SPDX_PURPOSES = {"LIBRARY", "APPLICATION", "OTHER", "OPERATING-SYSTEM"}
SPDX_RELATIONS = {"DESCRIBES", "CONTAINS", "STATIC_LINK", "BUILD_TOOL_OF", "BUILD_DEPENDENCY_OF",
                  "TEST_DEPENDENCY_OF", "OTHER"}


def spdx_faults(document):
    """What is wrong with it, in words."""
    licences = json.loads((SCHEMAS / "spdx.SNAPSHOT.schema.json").read_text())["enum"]
    wrong = sorted(SPDX_DOCUMENT ^ set(document))
    if (document["spdxVersion"], document["dataLicense"], document["SPDXID"]) != (
            "SPDX-2.3", "CC0-1.0", "SPDXRef-DOCUMENT"):
        wrong.append("header")
    if not re.fullmatch(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
                        document["documentNamespace"]):
        wrong.append("documentNamespace")
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", document["creationInfo"]["created"]):
        wrong.append("created")
    for creator in document["creationInfo"]["creators"]:
        if not re.fullmatch(r"(Organization: \S.*|Tool: \S+-\S+)", creator):
            wrong.append(creator)
    ids = ["SPDXRef-DOCUMENT"]
    for package in document["packages"]:
        ids.append(package["SPDXID"])
        wrong += SPDX_PACKAGE - set(package)
        wrong += set(package) - SPDX_PACKAGE - SPDX_MORE
        wrong += [f"licence {package[key]}" for key in ("licenseConcluded", "licenseDeclared")
                  if package[key] not in [*licences, "NOASSERTION"]]
        if not re.fullmatch(r"SPDXRef-[A-Za-z0-9.-]+", package["SPDXID"]):
            wrong.append(package["SPDXID"])
        if package["primaryPackagePurpose"] not in SPDX_PURPOSES or package["filesAnalyzed"]:
            wrong.append(f"purpose of {package['name']}")
        for checksum in package.get("checksums", []):
            if checksum["algorithm"] != "SHA512" or not re.fullmatch(
                    "[0-9a-f]{128}", checksum["checksumValue"]):
                wrong.append(f"checksum of {package['name']}")
    if len(ids) != len(set(ids)):
        wrong.append("an SPDXID stands twice")
    related = set()
    for each in document["relationships"]:
        ends = {each["spdxElementId"], each["relatedSpdxElement"]}
        related |= ends
        wrong += ends - set(ids)
        if each["relationshipType"] not in SPDX_RELATIONS or (
                each["relationshipType"] == "OTHER" and not each.get("comment")):
            wrong.append(each["relationshipType"])
    return wrong + sorted(set(ids) - related)


def test_the_spdx_file_follows_the_rules(spdx):
    assert spdx_faults(spdx) == []


@pytest.mark.parametrize("damage", [
    lambda spdx: spdx.pop("name"),
    lambda spdx: spdx.update(spdxVersion="SPDX-2.2"),
    lambda spdx: spdx["creationInfo"].update(created="now"),
    lambda spdx: spdx["packages"][1].pop("downloadLocation"),
    lambda spdx: spdx["packages"][1].update(licenseDeclared="BSD"),
    lambda spdx: spdx["packages"][1].update(SPDXID="SPDXRef-a b"),
    lambda spdx: spdx["packages"].append(spdx["packages"][1]),
    lambda spdx: spdx["relationships"].pop(1),
    lambda spdx: spdx["relationships"][1].update(relatedSpdxElement="SPDXRef-gone"),
])
def test_an_spdx_file_that_breaks_a_rule_is_seen(spdx, damage):
    broken = json.loads(json.dumps(spdx))
    damage(broken)
    assert spdx_faults(broken)


# What it says is so -----------------------------------------------------------------------------


def test_every_locked_package_is_there_with_its_digest(cdx, spdx):
    ours = {each["name"]: each for each in cdx["components"]
            if each.get("purl", "").startswith("pkg:npm/")}
    assert set(ours) == set(locked())
    installed = json.loads((ROOT / "node_modules/.package-lock.json").read_text())["packages"]
    for name, entry in locked().items():
        sha512 = base64.b64decode(entry["integrity"].removeprefix("sha512-")).hex()
        assert ours[name]["hashes"] == [{"alg": "SHA-512", "content": sha512}]
        assert installed[f"node_modules/{name}"]["integrity"] == entry["integrity"]
        own = json.loads((ROOT / "node_modules" / name / "package.json").read_text())
        assert ours[name]["version"] == own["version"] == entry["version"]
        assert ours[name]["purl"] == f"pkg:npm/{name.replace('@', '%40')}@{own['version']}"
        assert ours[name]["licenses"] == [{"license": {"id": own["license"]}}]
        package = next(each for each in spdx["packages"] if each["name"] == name)
        assert package["checksums"] == [{"algorithm": "SHA512", "checksumValue": sha512}]
        assert package["externalRefs"][0]["referenceLocator"] == ours[name]["purl"]


def test_compiler_and_font_are_those_of_this_machine(cdx):
    with open(FONT, "rb") as file:
        digest = hashlib.sha512(file.read()).hexdigest()
    font = component(cdx, os.path.basename(FONT))
    assert font["hashes"] == [{"alg": "SHA-512", "content": digest}]
    said = subprocess.run([llvm("clang"), "--version"], stdout=subprocess.PIPE, check=True,
                          text=True).stdout.splitlines()[0]
    assert {"name": "nonos:compiler", "value": said} in cdx["metadata"]["component"]["properties"]
    if not shutil.which("dpkg-query"):
        pytest.skip("there is no dpkg to ask for the packages' versions")
    for name, kind in (("clang-19", "clang-19"), ("lld-19", "lld-19"),
                       ("fonts-spleen", os.path.basename(FONT))):
        version = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", name], text=True,
                                 stdout=subprocess.PIPE, check=True).stdout
        assert component(cdx, kind)["version"] == version
        assert component(cdx, kind)["purl"] == f"pkg:deb/debian/{name}@{version}"


def in_image(cdx):
    return {each["name"]: [part["name"] for part in each.get("components", [])]
            for each in cdx["components"] if each["scope"] == "required"}


def test_what_is_in_the_image_is_what_was_linked(cdx):
    assert in_image(cdx) == {os.path.basename(FONT): [], "pqclean": ["ml-dsa-65", "ml-kem-768"]}
    sources = subprocess.run(["grep", "-rhoE", "node_modules/(@[^/]+/)?[^/]+", ROOT / "crypto",
                              ROOT / "image", ROOT / "display", ROOT / "kernel", ROOT / "boot"],
                             stdout=subprocess.PIPE, text=True, timeout=60, check=True).stdout
    assert set(sources.split()) == {"node_modules/pqclean"}
    linked = {}
    for name in "kernel", "loader":
        text = (ROOT / BUILD / f"{name}.map").read_text()
        linked[name] = {part for part in ("ml-dsa-65", "ml-kem-768", "font.o") if part in text}
    assert linked == {"kernel": {"ml-dsa-65", "ml-kem-768", "font.o"},
                      "loader": {"ml-dsa-65", "font.o"}}
    where = {part["name"]: part["properties"][0]["value"]
             for part in component(cdx, "pqclean")["components"]}
    assert where == {"ml-dsa-65": "kernel and loader", "ml-kem-768": "kernel"}


def test_what_is_only_a_tool_is_told_apart(cdx, spdx):
    with open(ROOT / "scripts/packages", encoding="ascii") as file:
        rows = [line.split() for line in file if line.startswith("build ")]
    tools = {row[3] for row in rows} - {"fonts-spleen"}
    for name in sorted(tools):
        assert component(cdx, name)["scope"] == "excluded"
    sodium = component(cdx, "libsodium-dev")
    assert "not into the image" in sodium["properties"][0]["value"] and "version" not in sodium
    relations = {each["spdxElementId"]: each["relationshipType"] for each in spdx["relationships"]}
    assert relations["SPDXRef-deb-clang-19"] == "BUILD_TOOL_OF"
    assert relations["SPDXRef-deb-libsodium-dev"] == "BUILD_DEPENDENCY_OF"
    assert relations["SPDXRef-npm-noble-post-quantum"] == "TEST_DEPENDENCY_OF"
    linked = {each["relatedSpdxElement"] for each in spdx["relationships"]
              if each["spdxElementId"] == "SPDXRef-nonos"}
    assert linked == {"SPDXRef-console-font", "SPDXRef-npm-pqclean-ml-dsa-65",
                      "SPDXRef-npm-pqclean-ml-kem-768"}


def test_the_manifest_binds_both_files(made, cdx):
    digest = subprocess.run(["b3sum", "--no-names", made / "nonos.cdx.json"], check=True, text=True,
                            stdout=subprocess.PIPE).stdout.strip()
    manifest = (made / "manifest.txt").read_text()
    assert f"\nsbom=blake3:{digest}\n" in manifest
    reference = cdx["externalReferences"][0]
    other = hashlib.sha512((made / "nonos.spdx.json").read_bytes()).hexdigest()
    assert reference["url"] == "nonos.spdx.json" and reference["hashes"][0]["content"] == other
    source = re.search("^source=(.*)$", manifest, re.MULTILINE)[1]
    assert {"name": "nonos:source", "value": source} in cdx["metadata"]["component"]["properties"]


def test_there_is_no_address_and_no_path_in_it(made):
    for name in "nonos.cdx.json", "nonos.spdx.json":
        text = (made / name).read_text()
        assert "://" not in text and '"/' not in text and str(ROOT) not in text


# The same everywhere ----------------------------------------------------------------------------


def digest_of(tree, *tail, **env):
    done = tree.run("out/manifest.txt", *(tail or TAIL), **env)
    assert done.returncode == 0, done.stderr
    return re.search("^sbom=blake3:(.*)$", (tree.folder / "out/manifest.txt").read_text(),
                     re.MULTILINE)[1]


def test_another_clone_time_zone_and_profile_give_the_same_bill(committed, tmp_path):
    expected = digest_of(committed)
    other = Checkout(tmp_path / "other")
    committed.git("clone", "-q", str(committed.folder), str(other.folder))
    assert digest_of(other, TAIL[0], "release", *TAIL[2:], TZ="Pacific/Kiritimati",
                     LC_ALL="C.UTF-8", HOME="/nonexistent", PYTHONHASHSEED="5") == expected
    (other.folder / "untracked").write_text("x")
    (other.folder / "out/nonos.cdx.json").unlink()
    assert digest_of(other) == expected


def fake(folder, name, says):
    program = folder / name
    program.write_text(f"#!/bin/sh\necho '{says}'\n")
    program.chmod(0o755)
    return str(program)


def test_another_tool_font_lock_or_commit_gives_another_bill(committed, tmp_path):
    clang = fake(tmp_path, "clang-19", "Debian clang version 19.1.7 (4)")
    linker = fake(tmp_path, "ld.lld-19", "Debian LLD 19.1.8 (compatible with GNU linkers)")
    font = tmp_path / os.path.basename(FONT)
    font.write_text("another")
    seen = [digest_of(committed), digest_of(committed, *TAIL[:2], clang, *TAIL[3:]),
            digest_of(committed, *TAIL[:3], linker, TAIL[4]),
            digest_of(committed, *TAIL[:4], str(font))]
    lock = committed.folder / "package-lock.json"
    lock.write_text(re.sub(r'(pqclean": \{\s+"version": )"0', r'\1"1', lock.read_text()))
    seen.append(digest_of(committed))
    committed.git("commit", "-q", "-a", "-m", "second")
    seen.append(digest_of(committed))
    assert len(set(seen)) == len(seen)


def test_what_dpkg_has_is_not_said_of_another_program(committed, tmp_path):
    clang = fake(tmp_path, "clang-19", "Debian clang version 19.1.7 (4)")
    font = tmp_path / os.path.basename(FONT)
    font.write_text("another")
    digest_of(committed, *TAIL[:2], clang, TAIL[3], str(font))
    bill = json.loads((committed.folder / "out/nonos.cdx.json").read_text())
    assert component(bill, "clang-19")["version"] == "19.1.7-4"
    assert "purl" not in component(bill, "clang-19")
    assert {"purl", "version", "licenses"}.isdisjoint(component(bill, font.name))


def test_both_are_written_by_a_change_only(committed):
    digest = digest_of(committed)
    paths = [committed.folder / "out" / name for name in ("nonos.cdx.json", "nonos.spdx.json")]
    for path in paths:
        os.utime(path, (1, 1))
    assert digest_of(committed) == digest
    assert [path.stat().st_mtime for path in paths] == [1, 1]
    for path in paths:  # somebody's hand is a change
        path.write_bytes(path.read_bytes().replace(b"pqclean", b"pqclear"))
        assert digest_of(committed) == digest


@pytest.mark.parametrize("damage, message", [
    (lambda lock: lock.replace('"integrity": "sha512-', '"integrity": "sha1-'), "no SHA-512 of"),
    (lambda lock: lock.replace("node_modules/pqclean", "node_modules/other"), "pqclean"),
    (lambda lock: lock[:-20], "scripts/sbom: "),
])
def test_a_lock_file_that_says_too_little_is_refused(committed, damage, message):
    lock = committed.folder / "package-lock.json"
    lock.write_text(damage(lock.read_text()))
    done = committed.run("out/manifest.txt", *TAIL)
    assert done.returncode != 0 and message in done.stderr and "Traceback" not in done.stderr
    assert not (committed.folder / "out/manifest.txt").exists()
