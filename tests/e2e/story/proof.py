"""The story's end: a container's history, evidence that needs no node, tables made anew."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from .consortium import Json, Member, hold, until
from .telling import Story


def prove(story: Story) -> None:
    """7. Customs tells the container's history and exports evidence, the carrier's node stopped."""
    consortium = story.consortium
    customs = consortium["customs"]
    consortium.stop_node("carrier")
    try:
        told = customs.get(f"/v1/containers/{story.container}/history", role="auditor")
        entries: list[Json] = told["events"]
        places = [(entry["block"], entry["log_index"]) for entry in entries]
        hold(places == sorted(places), "the history is in the ledger's order")
        acts = [entry for entry in entries if entry["kind"] == "acted"]
        verbs = [act["verb"] for act in acts]
        released = ("OpenOrder", "GateOut", "RecordInterchange", "ReturnEmpty")
        for verb in ("Issue", "Accept", "Surrender", *released):
            hold(verb in verbs, f"the history tells the {verb}")
        hold(
            all(a["principal"] and a["key"] and a["block"] for a in acts), "who signed, which block"
        )
        story.say(f"{len(acts)} acts of {story.container}, in order, from customs' own node")
        evidence = customs.client.post(
            "/v1/evidence",
            json={"container": story.container},
            headers={"Authorization": f"Bearer {customs.tokens['auditor']}"},
            timeout=60,
        )
        hold(evidence.status_code == 200, f"customs exports evidence: {evidence.text[:500]}")
    finally:
        consortium.start_node("carrier")
    file: Json = evidence.json()
    witnesses = {s["member"] for s in file["blocks"][0]["signatures"]} - {customs.id}
    hold(len(witnesses) >= 2, "two other members' witness keys signed the anchor")
    _verify(story, evidence.content)


def _verify(story: Story, evidence: bytes) -> None:
    """Run ``lading verify`` in an empty directory, with no network where the system allows it."""
    with tempfile.TemporaryDirectory() as empty:
        place = Path(empty)
        (place / "evidence.json").write_bytes(evidence)
        shutil.copy(story.consortium.network_path, place / "network.json")
        lading = Path(sys.executable).with_name("lading")
        command = [str(lading), "verify", "evidence.json", "--trust", "network.json", "--json"]
        alone = ["unshare", "--net", "--map-root-user"]
        usable = subprocess.run([*alone, "true"], capture_output=True, check=False).returncode == 0
        run = subprocess.run(
            [*(alone if usable else []), *command],
            cwd=place,
            capture_output=True,
            text=True,
            check=False,
        )
    hold(run.returncode == 0, f"lading verify accepts the file: {run.stdout}{run.stderr}")
    hold(json.loads(run.stdout)["proved"] is True, "the verdict is: proved")
    where = "in a process without network" if usable else "with the file and network.json alone"
    story.say(f"lading verify, {where}: proved, {len(evidence)} bytes of evidence")


def rebuild(story: Story) -> None:
    """8. The bank's tables are dropped and rebuilt while acts arrive, and are the same."""
    consortium = story.consortium
    shipper, carrier = consortium["shipper"], consortium["carrier"]
    stop = threading.Event()
    made: list[str] = []

    def keep_acting() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            bill = json.loads(json.dumps(story.bill))
            bill["transportDocumentReference"] = f"HDMUAARB25{number:05d}"
            made.append(
                carrier.write(
                    "/v1/titles", {"document": bill, "holder": shipper.id}, role="issuer"
                )["object"]
            )

    acting = threading.Thread(target=keep_acting)
    acting.start()
    try:
        until(lambda: len(made) >= 1, "acts arrive")
        before = len(made)
        rebuilt = _rebuild(consortium["bank"])
        until(lambda: len(made) > before, "acts went on arriving")
    finally:
        stop.set()
        acting.join()
    rows = sum(table["rows"] for table in rebuilt["tables"])
    story.say(
        f"{len(rebuilt['tables'])} tables, {rows} rows, dropped and rebuilt while {len(made)}"
        f" titles were issued: {rebuilt['differing']} rows differ"
    )
    hold(rebuilt["differing"] == 0, "every row came out as it was")

    def same() -> bool:
        one, other = (_rebuild(consortium[name]) for name in ("bank", "consignee"))
        hold(other["differing"] == 0, "every row of the consignee's came out as it was")
        return one["height"] == other["height"] and one["tables"] == other["tables"]

    until(same, "the bank's tables have the consignee's rows, at the same height")


def _rebuild(member: Member) -> Json:
    answer = member.client.post(
        "/v1/projections/rebuild",
        headers={"Authorization": f"Bearer {member.tokens['admin']}"},
        timeout=60,
    )
    hold(answer.status_code == 200, f"{member.name} rebuilds: {answer.text[:500]}")
    return dict(answer.json())
