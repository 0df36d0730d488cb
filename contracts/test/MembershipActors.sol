// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MembershipVerbs} from "../src/generated/Verbs.sol";
import {KeyPurpose, MemberStatus, Outcome, Role} from "../src/generated/Words.sol";
import {IActs} from "../src/interfaces/IActs.sol";
import {Member} from "./Consortium.sol";
import {Decisions} from "./Decisions.sol";
import {Vm} from "./Vm.sol";

/// @dev Council seats, members and impostors try every verb of Membership, with contents that often meet.
contract MembershipActors is Decisions {
    uint256 private constant KEYS = 6;
    uint256 private constant FIRST_KEY = 0x1000;
    uint256 private constant NEW_SEAT_KEY = 0xd1;

    bool public changedWithoutCouncil;
    bool public carriedTwice;
    bool public carriedByTooFew;
    bool public keyChangedHands;
    bool public actedWhileInactive;
    uint256 public carriedMotions;
    uint256 public takenActs;

    /// @dev The motion tried last, which others join.
    uint256 private _verb;
    bytes32 private _object;
    uint256 private _counter;
    bytes private _content;

    mapping(bytes32 motion => mapping(bytes32 seat => bool)) private _assented;
    mapping(bytes32 motion => uint256 seats) private _seats;
    mapping(bytes32 motion => bool) private _carried;
    mapping(bytes32 key => bytes32 owner) private _owner;

    function tryMotion(uint256 verb, uint256 by, uint256 subject, uint256 variant) external {
        uint256 code = MembershipVerbs.CHANGE_ROLES + verb % 7;
        bytes32 object = member(subject).id;
        if (code == MembershipVerbs.ROTATE_COUNCIL) return rotateBy(by, variant);
        bytes memory own = abi.encode(keccak256(abi.encode(variant % 3)));
        if (code == MembershipVerbs.CHANGE_ROLES) own = bytes.concat(abi.encode(1 + variant % 2), own);
        if (code == MembershipVerbs.NAME_SUCCESSOR) own = bytes.concat(abi.encode(carrier.id), own);
        if (code == MembershipVerbs.RECOVER_KEYS) {
            own = recovery(0, array(domainKey(variant)), array(bytes32(KeyPurpose.ACT)));
        }
        decide(code, by, object, 0, own);
    }

    function tryToJoin(uint256 by) external {
        if (_content.length != 0) decide(_verb, by, _object, _counter, _content);
    }

    function tryAssigning(uint256 by, uint256 subject, uint256 whether) external {
        uint256 counter = membership.assignmentCounter(PORT, Role.CARRIER);
        bytes memory own = abi.encode(PORT, Role.CARRIER, member(subject).id, whether % 2);
        decide(MembershipVerbs.ASSIGN_AUTHORITY, by, assignmentId(PORT, Role.CARRIER), counter, own);
    }

    function tryRulebook(uint256 by, uint256 variant) external {
        bytes memory own = abi.encode(keccak256(abi.encode(variant % 2)), 1 + variant % 2, 1);
        decide(MembershipVerbs.CHANGE_RULEBOOK, by, RULES, membership.rulebookVersion(), own);
    }

    function trySelf(uint256 verb, uint256 by, uint256 about, uint256 variant) external {
        uint256[6] memory verbs = [
            MembershipVerbs.ADD_KEY,
            MembershipVerbs.REVOKE_KEY,
            MembershipVerbs.UPDATE_PROFILE,
            MembershipVerbs.ACCEPT_RULEBOOK,
            MembershipVerbs.DELEGATE,
            MembershipVerbs.END_DELEGATION
        ];
        uint256 code = verbs[verb % 6];
        bytes memory own = abi.encode(domainKey(variant));
        if (code == MembershipVerbs.ADD_KEY) own = abi.encode(domainKey(variant), 1 + variant % 3, 0, 0);
        if (code == MembershipVerbs.ACCEPT_RULEBOOK) own = abi.encode(membership.rulebook());
        if (code == MembershipVerbs.DELEGATE) own = abi.encode(bank.id, 1 << 33, 0, block.timestamp + 1);
        Member memory principal = member(by);
        if (variant % 4 == 0) principal.key = FIRST_KEY + variant % KEYS;
        bytes32 object = about % 4 == 0 ? member(about).id : principal.id;
        uint256 status = statusOf(principal.id);
        bytes32 before = fingerprint();
        bool took = taken(made(membership, code, principal, object, counterOf(object), own), Outcome.DONE);
        if (took && status != MemberStatus.ACTIVE) actedWhileInactive = true;
        if (fingerprint() != before) changedWithoutCouncil = true;
        checkKeys();
    }

    /// @dev What only the council may change.
    function fingerprint() public view returns (bytes32 print) {
        (uint256 threshold, bytes32[] memory seats, address[] memory keys) = membership.council();
        (uint256 enforcement, uint256 transfer) = membership.waitingTimes();
        print = keccak256(abi.encode(threshold, seats, keys, membership.rulebook(), enforcement, transfer));
        for (uint256 i = 0; i < 4; i++) {
            bytes32 id = member(i).id;
            uint256 assignedTo = membership.assignedRoles(PORT, id);
            bytes32 successor = membership.successorOf(id);
            print = keccak256(abi.encode(print, numberOf(id), rolesOf(id), statusOf(id), assignedTo, successor));
        }
    }

    function rotateBy(uint256 by, uint256 variant) private {
        bool renewed = variant % 2 == 0;
        bytes memory seats = array(seat(0).id, seat(1).id, renewed ? shipper.id : seat(2).id);
        bytes memory keys = array(keyId(seat(0).key), keyId(seat(1).key), keyId(renewed ? NEW_SEAT_KEY : seat(2).key));
        bytes memory own = bytes.concat(abi.encode(2), seats, keys);
        decide(MembershipVerbs.ROTATE_COUNCIL, by, COUNCIL, membership.councilEpoch(), own);
    }

    function decide(uint256 verb, uint256 by, bytes32 object, uint256 counter, bytes memory own) private {
        (_verb, _object, _counter, _content) = (verb, object, counter, own);
        Member memory who = voter(by);
        bytes32 id = motionId(membership.councilEpoch(), verb, object, counter, own);
        (uint256 threshold,,) = membership.council();
        bytes32 before = fingerprint();
        bytes memory act = made(membership, verb, who, object, counter, own);
        Vm.Log[] memory logs = relay(membership, framed(act));
        bool counted = logs[0].topics[0] == IActs.Acted.selector;
        if (counted && !_assented[id][keyId(who.key)]) {
            _assented[id][keyId(who.key)] = true;
            _seats[id]++;
        }
        bool carried_ = counted && outcomeOf(logs) == Outcome.DONE;
        if (fingerprint() != before && !carried_) changedWithoutCouncil = true;
        if (carried_) {
            if (_carried[id]) carriedTwice = true;
            if (_seats[id] < threshold) carriedByTooFew = true;
            _carried[id] = true;
            carriedMotions++;
        }
        checkKeys();
    }

    /// @dev A key that has an owner keeps it.
    function checkKeys() private {
        for (uint256 i = 0; i < KEYS; i++) {
            bytes32 key = domainKey(i);
            bytes32 owner = 0;
            for (uint256 j = 0; j < 4; j++) {
                (uint256 purpose,,,) = membership.keyOf(member(j).id, key);
                if (purpose == 0) continue;
                if (owner != 0) keyChangedHands = true;
                owner = member(j).id;
            }
            if (_owner[key] != 0 && owner != _owner[key]) keyChangedHands = true;
            _owner[key] = owner;
        }
    }

    function taken(bytes memory act, uint256 outcome) private returns (bool) {
        Vm.Log[] memory logs = relay(membership, framed(act));
        bool took = logs[0].topics[0] == IActs.Acted.selector && outcomeOf(logs) == outcome;
        if (took) takenActs++;
        return took;
    }

    function outcomeOf(Vm.Log[] memory logs) private pure returns (uint256 outcome) {
        (,, outcome,) = told(logs[0]);
    }

    /// @dev Mostly a seat; else a new seat, a member with its act key, or a seat's key in another's name.
    function voter(uint256 i) private view returns (Member memory) {
        uint256 which = i % 9;
        if (which < 6) return seat(which % 3);
        if (which == 6) return Member(shipper.id, NEW_SEAT_KEY);
        if (which == 7) return member(i / 9);
        return Member(shipper.id, seat(0).key);
    }

    function domainKey(uint256 i) private pure returns (bytes32) {
        return keyId(FIRST_KEY + i % KEYS);
    }

    /// @dev The carrier stays out of most motions, so that one successor is at hand.
    function member(uint256 i) private view returns (Member memory) {
        Member[4] memory members = [shipper, bank, consignee, carrier];
        return members[i % 4];
    }
}
