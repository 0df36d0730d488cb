// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Attestations} from "../src/Attestations.sol";
import {Devices} from "../src/Devices.sol";
import {Membership} from "../src/Membership.sol";
import {Network} from "../src/Network.sol";
import {Releases} from "../src/Releases.sol";
import {Titles} from "../src/Titles.sol";
import {DevicesVerbs, MembershipVerbs, ReleasesVerbs, TitlesVerbs} from "../src/generated/Verbs.sol";
import {DeviceKind, KeyPurpose, Outcome, Role, SurrenderPurpose, TitleKind} from "../src/generated/Words.sol";
import {IActs} from "../src/interfaces/IActs.sol";
import {ITitles} from "../src/interfaces/ITitles.sol";
import {Test, Vm} from "./Vm.sol";

/// @dev A member and its act key.
struct Member {
    bytes32 id;
    uint256 key;
}

/// @dev A founded network of six members, and the making, signing and relaying of acts.
abstract contract Consortium is Test {
    bytes32 internal constant NETWORK_ID = keccak256("network");
    bytes32 internal constant RULEBOOK = keccak256("rulebook");
    bytes32 internal constant ROOT = keccak256("document");
    bytes32 internal constant TITLE = keccak256("tag");
    uint256 internal constant PORT = 7;
    uint256 internal constant START = 1_800_000_000;
    uint256 internal constant ENFORCEMENT = 14 days;
    uint256 internal constant TRANSFER = 7 days;
    address internal constant RELAYER = address(0xbea4);

    Network internal network;
    Membership internal membership;
    Devices internal devices;
    Titles internal titles;
    Releases internal releases;
    Attestations internal attestations;

    Member internal carrier = Member(keccak256("carrier"), 0xa1);
    Member internal shipper = Member(keccak256("shipper"), 0xa2);
    Member internal bank = Member(keccak256("bank"), 0xa3);
    Member internal consignee = Member(keccak256("consignee"), 0xa4);
    Member internal terminal = Member(keccak256("terminal"), 0xa5);
    Member internal customs = Member(keccak256("customs"), 0xa6);
    Member internal stranger = Member(keccak256("stranger"), 0xa7);

    /// @dev Header fields that few tests set; cleared after each act is made.
    uint256 internal expires;
    bytes32 internal delegation;
    bytes32 internal companion;
    /// @dev The digest of each title's last offer.
    mapping(bytes32 title => bytes32 digest) private _offered;

    function setUp() public virtual {
        vm.warp(START);
        _deploy();
        _admit(carrier, Role.CARRIER);
        _admit(shipper, Role.SHIPPER);
        _admit(bank, Role.BANK);
        _admit(consignee, Role.CONSIGNEE);
        _admit(terminal, Role.TERMINAL);
        _admit(customs, Role.CUSTOMS);
        _assign(PORT, Role.TERMINAL, terminal);
        _assign(PORT, Role.CUSTOMS, customs);
    }

    // Making acts

    /// @dev An act of the principal's own key; `own` is the words after the header, arrays with their counts.
    function made(IActs target, uint256 verb, Member memory by, bytes32 object, uint256 counter, bytes memory own)
        internal
        returns (bytes memory act)
    {
        return signed(target, verb, by, by.key, object, counter, own);
    }

    function signed(
        IActs target,
        uint256 verb,
        Member memory by,
        uint256 key,
        bytes32 object,
        uint256 counter,
        bytes memory own
    ) internal returns (bytes memory act) {
        uint256 until = expires == 0 ? block.timestamp + 200 : expires;
        uint8 parts = (delegation == 0 ? 0 : 1) | (companion == 0 ? 0 : 2);
        act = abi.encodePacked(uint8(verb), parts, by.id, object, uint32(counter), uint40(until));
        if (delegation != 0) act = bytes.concat(act, delegation);
        if (companion != 0) act = bytes.concat(act, companion);
        act = bytes.concat(act, own);
        act = bytes.concat(act, signatureOf(key, target.digestOf(bytes.concat(act, new bytes(65)))));
        (expires, delegation, companion) = (0, 0, 0);
    }

    function signatureOf(uint256 key, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }

    function issue(bytes32 title, uint256 kind, bytes32 party) internal returns (bytes memory) {
        bytes memory own = abi.encode(kind, party, shipper.id, block.timestamp + 1 days, PORT, PORT, ROOT);
        return made(titles, TitlesVerbs.ISSUE, carrier, title, 0, own);
    }

    function offer(Member memory by, bytes32 to, uint256 capacity, uint256 endorsement)
        internal
        returns (bytes memory)
    {
        bytes memory own = abi.encode(to, capacity, endorsement, block.timestamp + 1 days, ROOT);
        return made(titles, TitlesVerbs.OFFER, by, TITLE, titles.titleOf(TITLE).counter, own);
    }

    /// @dev The answer to the open offer of TITLE, on its own terms.
    function answer(uint256 verb, Member memory by) internal returns (bytes memory) {
        ITitles.TitleView memory t = titles.titleOf(TITLE);
        bytes memory own = verb == TitlesVerbs.ACCEPT ? abi.encode(offerNamed(TITLE), t.root) : abi.encode(offerNamed(TITLE));
        return made(titles, verb, by, TITLE, t.counter, own);
    }

    /// @dev What answers name the open offer by: its digest, an amendment by what identifies it; zero if none is open.
    function offerNamed(bytes32 title) internal view returns (bytes32 offer_) {
        ITitles.TitleView memory t = titles.titleOf(title);
        if (t.offer == 0 || t.offerPurpose == SurrenderPurpose.AMENDMENT) return t.offer;
        return _offered[title];
    }

    function surrender(Member memory by) internal returns (bytes memory) {
        bytes memory own = abi.encode(SurrenderPurpose.DELIVERY, ROOT, bytes32(0), block.timestamp + 1 days);
        return made(titles, TitlesVerbs.SURRENDER, by, TITLE, titles.titleOf(TITLE).counter, own);
    }

    function lane(bytes32 id, uint256 key, uint256 port) internal returns (bytes memory) {
        bytes memory own = abi.encode(vm.addr(key), DeviceKind.LANE, port, block.timestamp + 365 days);
        return made(devices, DevicesVerbs.REGISTER_LANE, terminal, id, 0, own);
    }

    function array(bytes32 a) internal pure returns (bytes memory) {
        return abi.encode(1, a);
    }

    function array(bytes32 a, bytes32 b) internal pure returns (bytes memory) {
        return abi.encode(2, a, b);
    }

    function array(bytes32 a, bytes32 b, bytes32 c) internal pure returns (bytes memory) {
        return abi.encode(3, a, b, c);
    }

    function keyId(uint256 key) internal pure returns (bytes32) {
        return bytes32(uint256(uint160(vm.addr(key))));
    }

    function assignmentId(uint256 port, uint256 role) internal pure returns (bytes32) {
        return keccak256(abi.encode(port, role));
    }

    // Relaying acts

    function framed(bytes memory act) internal pure returns (bytes memory) {
        return abi.encodePacked(uint16(act.length), act);
    }

    function relay(IActs target, bytes memory batch) internal returns (Vm.Log[] memory logs) {
        vm.recordLogs();
        vm.prank(RELAYER);
        target.submit(batch);
        logs = vm.getRecordedLogs();
        note(logs);
    }

    /// @dev Remember the offers among the acts that took effect.
    function note(Vm.Log[] memory logs) internal {
        for (uint256 i = 0; i < logs.length; i++) {
            if (logs[i].topics[0] != IActs.Acted.selector) continue;
            (,,, bytes memory act) = told(logs[i]);
            uint256 verb = uint8(act[0]);
            bool offers = verb == TitlesVerbs.ISSUE || verb == TitlesVerbs.OFFER || verb == TitlesVerbs.SURRENDER
                || verb == TitlesVerbs.RETURN_FROM_PAPER;
            if (offers) _offered[logs[i].topics[1]] = logs[i].topics[3];
        }
    }

    /// @dev What an act's event tells beside its topics.
    function told(Vm.Log memory log)
        internal
        pure
        returns (address key, uint256 counter, uint256 outcome, bytes memory act)
    {
        uint256 effect;
        (effect, act) = abi.decode(log.data, (uint256, bytes));
        return (address(uint160(effect)), uint32(effect >> 160), effect >> 192, act);
    }

    /// @dev The act takes effect, and its event is the act.
    function done(IActs target, bytes memory act) internal returns (Vm.Log[] memory logs) {
        return acted(target, act, Outcome.DONE);
    }

    /// @dev The same with unsigned bytes behind the signature; they are not in the event.
    function done(IActs target, bytes memory act, bytes memory attached) internal returns (Vm.Log[] memory logs) {
        return acted(target, act, attached, Outcome.DONE);
    }

    function acted(IActs target, bytes memory act, uint256 outcome) internal returns (Vm.Log[] memory logs) {
        return acted(target, act, "", outcome);
    }

    function acted(IActs target, bytes memory act, bytes memory attached, uint256 outcome)
        internal
        returns (Vm.Log[] memory logs)
    {
        logs = relay(target, framed(bytes.concat(act, attached)));
        if (logs[0].topics[0] == IActs.Refused.selector) {
            (, bytes memory reason) = abi.decode(logs[0].data, (uint256, bytes));
            assembly ("memory-safe") {
                revert(add(reason, 32), mload(reason))
            }
        }
        same(logs[0].topics[0], IActs.Acted.selector, "event");
        same(logs[0].topics[1], wordOf(act, 2), "object");
        same(logs[0].topics[2], wordOf(act, 0), "principal");
        same(logs[0].topics[3], target.digestOf(act), "digest");
        (,, uint256 got, bytes memory unsigned) = told(logs[0]);
        same(got, outcome, "outcome");
        same(keccak256(unsigned), keccak256(slice(act, 0, act.length - 65)), "act");
    }

    /// @dev The act is refused for exactly this reason, and leaves nothing but that event.
    function refused(IActs target, bytes memory act, bytes memory reason) internal {
        Vm.Log[] memory logs = relay(target, framed(act));
        same(logs.length, 1, "events");
        same(logs[0].topics[0], IActs.Refused.selector, "event");
        (, bytes memory got) = abi.decode(logs[0].data, (uint256, bytes));
        same(bytes32(bytes4(got)), bytes32(bytes4(reason)), "error");
        same(keccak256(got), keccak256(reason), "facts");
    }

    function because(bytes4 selector) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(selector);
    }

    function because(bytes4 selector, bytes32 a) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(selector, a);
    }

    function because(bytes4 selector, bytes32 a, bytes32 b) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(selector, a, b);
    }

    function because(bytes4 selector, bytes32 a, bytes32 b, bytes32 c) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(selector, a, b, c);
    }

    /// @dev Word `i` of the act as it is hashed: the header's six, then its own.
    function wordOf(bytes memory act, uint256 i) internal pure returns (bytes32 word) {
        bytes memory words = wordsOf(act);
        assembly ("memory-safe") {
            word := mload(add(words, add(32, mul(i, 32))))
        }
    }

    /// @dev The act's words as they are hashed: principal, delegation, object, counter, expires, companion, its own.
    function wordsOf(bytes memory act) internal pure returns (bytes memory words) {
        uint256 parts = uint8(act[1]);
        uint256 header = headerBytes(act);
        words = bytes.concat(
            slice(act, 2, 34),
            parts & 1 == 0 ? new bytes(32) : slice(act, 75, 107),
            slice(act, 34, 66),
            bytes.concat(new bytes(28), slice(act, 66, 70)),
            bytes.concat(new bytes(27), slice(act, 70, 75)),
            parts & 2 == 0 ? new bytes(32) : slice(act, header - 32, header)
        );
        return bytes.concat(words, slice(act, header, act.length - 65));
    }

    /// @dev Where the act's own words begin.
    function headerBytes(bytes memory act) internal pure returns (uint256) {
        uint256 parts = uint8(act[1]);
        return 75 + 32 * ((parts & 1) + (parts >> 1));
    }

    function slice(bytes memory data, uint256 start, uint256 end) internal pure returns (bytes memory part) {
        part = new bytes(end - start);
        for (uint256 i = 0; i < part.length; i++) {
            part[i] = data[start + i];
        }
    }

    // Titles at the points of their lives

    function issued(uint256 kind, bytes32 party) internal {
        done(titles, issue(TITLE, kind, party));
    }

    /// @dev TITLE live with the shipper, order party `party`.
    function live(bytes32 party) internal {
        issued(TitleKind.ORDER, party);
        done(titles, answer(TitlesVerbs.ACCEPT, shipper));
    }

    function handOver(Member memory by, Member memory to, uint256 capacity, uint256 endorsement) internal {
        done(titles, offer(by, to.id, capacity, endorsement));
        done(titles, answer(TitlesVerbs.ACCEPT, to));
    }

    function surrendered() internal {
        live(0);
        done(titles, surrender(shipper));
        done(titles, answer(TitlesVerbs.ACCEPT, carrier));
    }

    // Founding

    function seat(uint256 i) internal view returns (Member memory) {
        return Member(i == 0 ? carrier.id : i == 1 ? keccak256("bank") : customs.id, 0xc0 + i);
    }

    function carried(uint256 verb, bytes32 object, uint256 counter, bytes memory own) internal {
        acted(membership, made(membership, verb, seat(0), object, counter, own), Outcome.ASSENTED);
        done(membership, made(membership, verb, seat(1), object, counter, own));
    }

    function admission(uint256 roles, bytes32 key) internal pure returns (bytes memory) {
        bytes memory own = abi.encode(roles, keccak256("profile"), RULEBOOK);
        return bytes.concat(own, array(key), array(bytes32(KeyPurpose.ACT)));
    }

    function _admit(Member memory member, uint256 roles) internal {
        carried(MembershipVerbs.ADMIT_MEMBER, member.id, 0, admission(roles, keyId(member.key)));
    }

    function _assign(uint256 port, uint256 role, Member memory member) internal {
        uint256 counter = membership.assignmentCounter(port, role);
        bytes memory own = abi.encode(port, role, member.id, 1);
        carried(MembershipVerbs.ASSIGN_AUTHORITY, assignmentId(port, role), counter, own);
    }

    function _council() internal view returns (bytes32[] memory seats, address[] memory keys) {
        (seats, keys) = (new bytes32[](3), new address[](3));
        for (uint256 i = 0; i < 3; i++) {
            (seats[i], keys[i]) = (seat(i).id, vm.addr(seat(i).key));
        }
    }

    function _deploy() internal virtual {
        uint256 nonce = vm.getNonce(address(this));
        bytes32[] memory names = new bytes32[](5);
        address[] memory contracts = new address[](5);
        (names[0], names[1]) = (keccak256("Membership"), keccak256("Devices"));
        (names[2], names[3], names[4]) = (keccak256("Titles"), keccak256("Releases"), keccak256("Attestations"));
        for (uint256 i = 0; i < 5; i++) {
            contracts[i] = vm.computeCreateAddress(address(this), nonce + 1 + i);
        }
        network = new Network(NETWORK_ID, names, contracts);
        (bytes32[] memory seats, address[] memory keys) = _council();
        membership = new Membership(network, seats, keys, 2, RELAYER, RULEBOOK, ENFORCEMENT, TRANSFER);
        devices = new Devices(network);
        titles = new Titles(network, address(0));
        releases = new Releases(network);
        attestations = new Attestations(network);
    }
}
