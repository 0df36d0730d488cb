// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AttestationsVerbs, MembershipVerbs} from "../src/generated/Verbs.sol";
import {KeyPurpose} from "../src/generated/Words.sol";
import {IActs} from "../src/interfaces/IActs.sol";
import {Member} from "./Consortium.sol";
import {Origins} from "./Origins.sol";

/// @dev What a checkpoint costs alone in its transaction, the 21,000 and calldata included, for the sizes that cost
/// most (see tools/build_consistency_vectors.py, and the search in ConsistencyProof.t.sol).
/// forge-config: default.isolate = true
contract GasCheckpoints is Origins {
    bytes32 private constant DEVICE = keccak256("device");
    uint256 private constant DEVICE_KEY = 0xde1ce;
    address private constant OWN_RELAYER = address(0xbea5);

    string private _vectors;

    function setUp() public override {
        super.setUp();
        _vectors = vm.readFile("../tests/data/vectors/consistency.json");
    }

    function test_a_checkpoint_at_2_to_the_20_entries_costs_at_most_80_000_gas() public {
        atMost("a checkpoint at 2 to the 20 entries", worst(carrier, ".worst.levels20"), RELAYER, 80_000);
    }

    function test_a_checkpoint_at_2_to_the_32_entries_costs_at_most_95_000_gas() public {
        atMost("a checkpoint at 2 to the 32 entries", worst(carrier, ".worst.levels32"), RELAYER, 95_000);
    }

    /// @dev The look-up of the relayer's key and of its member comes on top; the founding relayer has none.
    function test_a_member_that_relays_its_own_checkpoint_at_2_to_the_20_entries_pays_at_most_80_000_gas() public {
        bytes memory own = abi.encode(uint256(uint160(OWN_RELAYER)), KeyPurpose.RELAY, block.timestamp, 0);
        done(membership, made(membership, MembershipVerbs.ADD_KEY, carrier, carrier.id, 1, own));
        atMost("a checkpoint relayed by its member", worst(carrier, ".worst.levels20"), OWN_RELAYER, 80_000);
    }

    function test_a_checkpoint_of_a_device_at_2_to_the_20_entries_costs_at_most_96_000_gas() public {
        done(devices, lane(DEVICE, DEVICE_KEY, PORT));
        atMost("a checkpoint of a device at 2 to the 20 entries", worstOfDevice(".worst.levels20"), RELAYER, 96_000);
    }

    function test_a_first_checkpoint_costs_at_most_80_000_gas() public {
        atMost("a first checkpoint", checkpoint(carrier, 0, 1, ROOT), RELAYER, 80_000);
    }

    function test_a_reported_split_costs_at_most_100_000_gas() public {
        done(attestations, checkpoint(carrier, 0, 1, ROOT));
        bytes memory first = checkpoint(carrier, 1, 2, keccak256("one"));
        bytes memory second = checkpoint(carrier, 1, 2, keccak256("two"));
        bytes memory act = report(bank, carrier.id, carrier.id, first, second);
        atMost("a reported split", bytes.concat(act, both(first, second)), RELAYER, 100_000);
    }

    /// @dev The costliest next checkpoint of the member's log.
    function worst(Member memory by, string memory pair) private returns (bytes memory) {
        (uint256 earlier, bytes32 earlierRoot) = side(pair, "earlier");
        (uint256 later, bytes32 laterRoot) = side(pair, "later");
        done(attestations, checkpoint(by, 0, earlier, earlierRoot));
        return bytes.concat(checkpoint(by, 1, later, laterRoot), attached(pair));
    }

    function worstOfDevice(string memory pair) private returns (bytes memory) {
        (uint256 earlier, bytes32 earlierRoot) = side(pair, "earlier");
        (uint256 later, bytes32 laterRoot) = side(pair, "later");
        done(attestations, deviceCheckpoint(DEVICE, DEVICE_KEY, 0, earlier, earlierRoot));
        return bytes.concat(deviceCheckpoint(DEVICE, DEVICE_KEY, 1, later, laterRoot), attached(pair));
    }

    function side(string memory pair, string memory which) private view returns (uint256 size, bytes32 root) {
        size = vm.parseJsonUint(_vectors, string.concat(pair, ".", which));
        root = vm.parseJsonBytes32(_vectors, string.concat(pair, ".", which, "_root"));
    }

    function attached(string memory pair) private view returns (bytes memory) {
        return vm.parseJsonBytes(_vectors, string.concat(pair, ".attached"));
    }

    /// @dev In isolation a call from the test is a transaction of its own, with cold storage and intrinsic gas.
    function atMost(string memory name, bytes memory act, address relayer, uint256 most) private {
        bytes memory batch = framed(act);
        vm.recordLogs();
        vm.prank(relayer);
        attestations.submit(batch);
        uint256 used = vm.lastCallGas().gasTotalUsed;
        vm.snapshotValue("Attestations", name, used);
        same(vm.getRecordedLogs()[0].topics[0], IActs.Acted.selector, "event");
        holds(used <= most, vm.toString(used));
    }
}
