// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AttestationsVerbs, MembershipVerbs} from "../src/generated/Verbs.sol";
import {OriginState} from "../src/generated/Words.sol";
import {IActs} from "../src/interfaces/IActs.sol";
import {IAttestations} from "../src/interfaces/IAttestations.sol";
import {IDevices} from "../src/interfaces/IDevices.sol";
import {IReleases} from "../src/interfaces/IReleases.sol";
import {Member} from "./Consortium.sol";
import {Origins} from "./Origins.sol";

/// @dev Checkpoints: who makes them, and what is refused.
contract AttestationsTest is Origins {
    bytes32 private constant DEVICE = keccak256("device");
    uint256 private constant DEVICE_KEY = 0xde1ce;
    uint256 private constant SIZE = 11;

    bytes32[] private _entries;

    function setUp() public override {
        super.setUp();
        for (uint256 i = 0; i < 60; i++) {
            _entries.push(keccak256(abi.encode("entry", i)));
        }
    }

    // What is taken

    function test_a_first_checkpoint_needs_no_proof() public {
        (uint256 state, uint256 counter, bytes32 seal) = attestations.originOf(carrier.id, carrier.id);
        same(state, OriginState.NONE, "state");
        same(counter + uint256(seal), 0, "nothing");
        begun();
        standsAt(carrier.id, 1, SIZE);
    }

    function test_the_next_one_proves_that_it_extends_the_last() public {
        begun();
        next(SIZE, 12, 1);
        next(12, 32, 2);
        next(32, 33, 3);
        next(33, 60, 4);
        standsAt(carrier.id, 5, 60);
    }

    function test_every_size_follows_every_smaller_one(uint256 seed) public {
        uint256 later = bounded(seed, 2, 60);
        uint256 earlier = bounded(seed >> 128, 1, later - 1);
        done(attestations, checkpoint(carrier, 0, earlier, root(earlier)));
        next(earlier, later, 1);
        standsAt(carrier.id, 2, later);
    }

    function test_a_delegate_checkpoints_for_its_principal() public {
        begun();
        delegation = given(1 << AttestationsVerbs.CHECKPOINT);
        bytes memory own = abi.encode(12, root(12));
        Member memory by = Member(carrier.id, bank.key);
        done(attestations, made(attestations, AttestationsVerbs.CHECKPOINT, by, carrier.id, 1, own), proof(SIZE, 12));
        standsAt(carrier.id, 2, 12);
    }

    function test_a_device_checkpoints_with_its_own_key() public {
        done(devices, lane(DEVICE, DEVICE_KEY, PORT));
        done(attestations, deviceCheckpoint(DEVICE, DEVICE_KEY, 0, SIZE, root(SIZE)));
        done(attestations, deviceCheckpoint(DEVICE, DEVICE_KEY, 1, 12, root(12)), proof(SIZE, 12));
        (, uint256 counter, bytes32 seal) = attestations.originOf(terminal.id, DEVICE);
        same(counter, 2, "counter");
        same(seal, sealOf(12), "seal");
    }

    function test_a_device_that_bears_a_members_id_has_another_log() public {
        begun();
        done(devices, lane(carrier.id, DEVICE_KEY, PORT));
        done(attestations, deviceCheckpoint(carrier.id, DEVICE_KEY, 0, 5, root(5)));
        standsAt(carrier.id, 1, SIZE);
    }

    // What is refused

    function test_a_first_checkpoint_has_counter_zero_one_entry_at_least_and_nothing_attached() public {
        refused(attestations, checkpoint(carrier, 1, SIZE, root(SIZE)), stale(0, 1));
        refusedSize(checkpoint(carrier, 0, 0, ROOT), 0, 0);
        refusedSize(checkpoint(carrier, 0, 2 ** 64, ROOT), 0, 2 ** 64);
        bytes memory act = checkpoint(carrier, 0, SIZE, root(SIZE));
        refused(attestations, bytes.concat(act, hex"00"), malformed(SIZE));
        done(attestations, checkpoint(carrier, 0, 2 ** 64 - 1, ROOT));
    }

    function test_a_log_does_not_shrink_or_stand_still() public {
        begun();
        for (uint256 size = 0; size <= SIZE; size++) {
            refusedSize(bytes.concat(checkpoint(carrier, 1, size, ROOT), proof(SIZE, 12)), SIZE, size);
        }
    }

    function test_sizes_beyond_64_bits_and_of_nothing_are_refused() public {
        begun();
        refusedSize(bytes.concat(checkpoint(carrier, 1, 2 ** 64, ROOT), proof(SIZE, 12)), SIZE, 2 ** 64);
        uint256 huge = type(uint256).max;
        refusedSize(bytes.concat(checkpoint(carrier, 1, huge, ROOT), proof(SIZE, 12)), SIZE, huge);
        bytes memory act = checkpoint(carrier, 1, 12, root(12));
        refusedSize(bytes.concat(act, abi.encode(0, ROOT)), 0, 12);
        refusedSize(bytes.concat(act, abi.encode(huge, ROOT)), huge, 12);
    }

    function test_a_proof_has_an_earlier_size_and_exactly_the_nodes_that_are_needed() public {
        begun();
        bytes memory act = checkpoint(carrier, 1, 12, root(12));
        bytes memory good = proof(SIZE, 12);
        refused(attestations, act, malformed(12));
        for (uint256 length = 1; length < good.length; length += 31) {
            refused(attestations, bytes.concat(act, cut(good, length)), malformed(12));
        }
        refused(attestations, bytes.concat(act, good, hex"00"), malformed(12));
        refused(attestations, bytes.concat(act, good, ROOT), malformed(12));
        done(attestations, act, good);
    }

    function test_a_proof_from_another_log_or_size_is_refused() public {
        begun();
        bytes memory act = checkpoint(carrier, 1, 12, root(12));
        bytes memory reason =
            abi.encodeWithSelector(IAttestations.NotTheLastCheckpoint.selector, carrier.id, 10, root(10));
        refused(attestations, bytes.concat(act, proof(10, 12)), reason);
        bytes32 last = root(SIZE);
        _entries[3] = keccak256("another past");
        holds(root(SIZE) != last, "another log");
        reason = abi.encodeWithSelector(IAttestations.NotTheLastCheckpoint.selector, carrier.id, SIZE, root(SIZE));
        refused(attestations, bytes.concat(checkpoint(carrier, 1, 12, root(12)), proof(SIZE, 12)), reason);
    }

    function test_a_proof_that_leads_to_another_root_is_refused() public {
        begun();
        bytes memory reason = because(IAttestations.NotAnExtension.selector, carrier.id, ROOT, root(12));
        refused(attestations, bytes.concat(checkpoint(carrier, 1, 12, ROOT), proof(SIZE, 12)), reason);
    }

    function test_a_checkpoint_is_taken_once_and_in_its_turn() public {
        begun();
        bytes memory act = bytes.concat(checkpoint(carrier, 1, 12, root(12)), proof(SIZE, 12));
        relay(attestations, framed(act));
        refused(attestations, act, stale(2, 1));
        refused(attestations, bytes.concat(checkpoint(carrier, 3, 13, root(13)), proof(12, 13)), stale(2, 3));
    }

    function test_a_changed_proof_is_refused_whatever_was_changed(uint256 seed) public {
        uint256 later = bounded(seed, 3, 60);
        uint256 earlier = bounded(seed >> 64, 2, later - 1);
        done(attestations, checkpoint(carrier, 0, earlier, root(earlier)));
        bytes memory act = checkpoint(carrier, 1, later, root(later));
        neverTaken(act, flipped(proof(earlier, later), seed >> 128));
        neverTaken(act, bytes.concat(proof(earlier, later), cut(abi.encode(seed), 1 + seed % 32)));
        neverTaken(act, cut(proof(earlier, later), proof(earlier, later).length - 1 - seed % 32));
        neverTaken(act, swapped(proof(earlier, later), seed >> 192));
        neverTaken(act, proof(earlier - 1, later));
        done(attestations, act, proof(earlier, later));
    }

    // Whose key

    function test_only_a_members_own_key_checkpoints_its_log() public {
        Member memory impostor = Member(carrier.id, stranger.key);
        bytes memory reason = because(IActs.KeyNotValid.selector, carrier.id, keyId(stranger.key));
        refused(attestations, checkpoint(impostor, 0, SIZE, root(SIZE)), reason);
    }

    function test_a_suspended_member_and_its_devices_checkpoint_nothing() public {
        done(devices, lane(DEVICE, DEVICE_KEY, PORT));
        suspend(terminal.id);
        bytes memory reason = because(IActs.MemberNotActive.selector, terminal.id);
        refused(attestations, checkpoint(terminal, 0, SIZE, root(SIZE)), reason);
        refused(attestations, deviceCheckpoint(DEVICE, DEVICE_KEY, 0, SIZE, root(SIZE)), reason);
    }

    function test_only_the_devices_key_checkpoints_its_log_and_only_for_its_owner() public {
        done(devices, lane(DEVICE, DEVICE_KEY, PORT));
        bytes memory own = abi.encode(SIZE, root(SIZE));
        bytes memory reason = because(IActs.KeyNotValid.selector, terminal.id, keyId(terminal.key));
        refused(attestations, deviceCheckpoint(DEVICE, terminal.key, 0, SIZE, root(SIZE)), reason);
        bytes memory act = signed(attestations, AttestationsVerbs.CHECKPOINT, bank, DEVICE_KEY, DEVICE, 0, own);
        refused(attestations, act, because(IActs.KeyNotValid.selector, bank.id, keyId(DEVICE_KEY)));
        reason = because(IDevices.DeviceUnknown.selector, ROOT);
        refused(attestations, deviceCheckpoint(ROOT, DEVICE_KEY, 0, SIZE, root(SIZE)), reason);
    }

    function test_a_devices_checkpoint_expires_at_most_5_minutes_ahead() public {
        done(devices, lane(DEVICE, DEVICE_KEY, PORT));
        expires = START + 301;
        bytes memory act = deviceCheckpoint(DEVICE, DEVICE_KEY, 0, SIZE, root(SIZE));
        refused(attestations, act, because(IReleases.LaneActTooFarAhead.selector, bytes32(START + 301)));
        expires = START + 300;
        done(attestations, deviceCheckpoint(DEVICE, DEVICE_KEY, 0, SIZE, root(SIZE)));
    }

    function test_a_device_acts_under_no_delegation() public {
        done(devices, lane(DEVICE, DEVICE_KEY, PORT));
        delegation = ROOT;
        bytes memory reason = because(IActs.VerbNotDelegable.selector, bytes32(AttestationsVerbs.CHECKPOINT));
        refused(attestations, deviceCheckpoint(DEVICE, DEVICE_KEY, 0, SIZE, root(SIZE)), reason);
    }

    // The log

    function begun() private {
        done(attestations, checkpoint(carrier, 0, SIZE, root(SIZE)));
    }

    function next(uint256 earlier, uint256 later, uint256 counter) private {
        done(attestations, checkpoint(carrier, counter, later, root(later)), proof(earlier, later));
    }

    function root(uint256 size) private view returns (bytes32) {
        return hashOf(_entries, 0, size);
    }

    function proof(uint256 earlier, uint256 later) private view returns (bytes memory) {
        return bytes.concat(bytes32(earlier), proofOf(_entries, earlier, later));
    }

    function given(uint256 verbs) private returns (bytes32) {
        bytes memory act = self(MembershipVerbs.DELEGATE, carrier, abi.encode(bank.id, verbs, 0, START + 100));
        done(membership, act);
        return membership.digestOf(act);
    }

    function standsAt(bytes32 origin, uint256 counter, uint256 size) private view {
        (uint256 state, uint256 got, bytes32 seal) = attestations.originOf(origin, origin);
        same(state, OriginState.OPEN, "state");
        same(got, counter, "counter");
        same(seal, sealOf(size), "seal");
    }

    function sealOf(uint256 size) private view returns (bytes32) {
        return keccak256(abi.encode(size, root(size))) & ~bytes32(uint256(type(uint32).max));
    }

    function neverTaken(bytes memory act, bytes memory attached) private {
        (uint256 state, uint256 counter, bytes32 seal) = attestations.originOf(carrier.id, carrier.id);
        bytes32 event_ = relay(attestations, framed(bytes.concat(act, attached)))[0].topics[0];
        same(event_, IActs.Refused.selector, "event");
        (uint256 newState, uint256 newCounter, bytes32 newSeal) = attestations.originOf(carrier.id, carrier.id);
        holds(state == newState && counter == newCounter && seal == newSeal, "unchanged");
    }

    function refusedSize(bytes memory act, uint256 earlier, uint256 size) private {
        refused(
            attestations, act, abi.encodeWithSelector(IAttestations.SizeRefused.selector, carrier.id, earlier, size)
        );
    }

    function malformed(uint256 size) private view returns (bytes memory) {
        return because(IAttestations.ProofMalformed.selector, carrier.id, bytes32(size));
    }

    function stale(uint256 expected, uint256 got) private view returns (bytes memory) {
        return because(IActs.StaleCounter.selector, carrier.id, bytes32(expected), bytes32(got));
    }

    function cut(bytes memory data, uint256 length) private pure returns (bytes memory part) {
        part = new bytes(length);
        for (uint256 i = 0; i < length; i++) {
            part[i] = data[i];
        }
    }

    function flipped(bytes memory data, uint256 which) private pure returns (bytes memory) {
        uint256 bit = which % (data.length * 8);
        data[bit / 8] ^= bytes1(uint8(1 << (bit % 8)));
        return data;
    }

    /// @dev Two neighbouring words exchanged: two nodes, or the size and the first node.
    function swapped(bytes memory data, uint256 which) private pure returns (bytes memory) {
        uint256 first = 32 + 32 * (which % (data.length / 32 - 1));
        assembly ("memory-safe") {
            let one := mload(add(data, first))
            mstore(add(data, first), mload(add(data, add(first, 32))))
            mstore(add(data, add(first, 32)), one)
        }
        return data;
    }
}
