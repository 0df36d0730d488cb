// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Titles} from "../src/Titles.sol";
import {NetworkVerbs, ReleasesVerbs, TitlesVerbs} from "../src/generated/Verbs.sol";
import {MemberStatus, OrderState, Outcome, Role, SurrenderPurpose, TitleState} from "../src/generated/Words.sol";
import {IActs} from "../src/interfaces/IActs.sol";
import {IReleases} from "../src/interfaces/IReleases.sol";
import {ITitles} from "../src/interfaces/ITitles.sol";
import {Delivery} from "./Delivery.sol";
import {Vm} from "./Vm.sol";

/// @dev Looks at everything before and after each act, and remembers what must never happen.
abstract contract Watched is Delivery {
    uint256 internal constant TITLES_WATCHED = 2;

    uint256[256] public taken; // acts that took effect, by verb
    uint256[256] public tried;
    mapping(bytes32 title => uint256) public issues;
    mapping(bytes32 right => uint256) public uses; // less those reinstated
    uint256 public versions;

    bool public changedByRefusal;
    bool public countedTwice;
    bool public counterJumped;
    bool public movedUnaccepted;
    bool public movedPastPledgee;
    bool public pledgeeBecameHolder;
    bool public movedWhileFrozen;
    bool public releasedTooEarly;
    bool public releasedTwice;
    bool public freezeKeptOut;
    bool public membershipChangedByMember;
    bool public liveTitlesLost;
    bool public leftWithTies;

    struct Sight {
        ITitles.TitleView[TITLES_WATCHED] titles;
        bytes32 members;
        bytes32 rights;
    }

    bytes32[] private _members;
    uint256[TITLES_WATCHED] private _bills; // how many came and went before

    function watch() internal {
        _members = [carrier.id, shipper.id, bank.id, consignee.id, terminal.id, customs.id, truck.id, otherTruck.id];
    }

    function watched(uint256 i) public view returns (bytes32 id) {
        return keccak256(abi.encode("bill", i, _bills[i]));
    }

    /// @dev Turn to another bill where this one has ended, or too many orders lie on it to be told apart.
    function renew(uint256 i) internal {
        ITitles.TitleView memory t = titleAt(i);
        if (t.state == TitleState.VOID || t.state == TitleState.DELIVERED || t.freezes > 1) _bills[i]++;
    }

    function titleAt(uint256 i) public view returns (ITitles.TitleView memory) {
        return titles.titleOf(watched(i));
    }

    function controllerAt(uint256 i) public view returns (bytes32) {
        return titles.controllerOf(watched(i));
    }

    /// @dev A member that is suspended, if one is.
    function suspended() internal view returns (bytes32 member) {
        for (uint256 i = 0; i < _members.length; i++) {
            (,, uint256 status,,,) = membership.memberOf(_members[i]);
            if (status == MemberStatus.SUSPENDED) return _members[i];
        }
    }

    function activeNow(bytes32 member) internal view returns (bool) {
        (,, uint256 status,,,) = membership.memberOf(member);
        return status == MemberStatus.ACTIVE;
    }

    /// @dev Relay one act and look at what it did; true when it took effect.
    function run(IActs target, bytes memory act) internal returns (bool took) {
        uint256 verb = uint8(act[0]);
        Sight memory before = sight();
        bool open = verb == ReleasesVerbs.GATE_OUT && !releasable(wordOf(act, 6));
        Vm.Log[] memory logs = relay(target, framed(act));
        uint256 outcome = type(uint256).max;
        if (logs[0].topics[0] == IActs.Acted.selector) {
            (,, outcome,) = told(logs[0]);
        }
        took = outcome == Outcome.DONE;
        Sight memory now_ = sight();
        tried[verb]++;
        if (took) taken[verb]++;
        if (outcome == type(uint256).max) {
            if (keccak256(abi.encode(before)) != keccak256(abi.encode(now_))) changedByRefusal = true;
        } else {
            if (relay(target, framed(act))[0].topics[0] != IActs.Refused.selector) countedTwice = true;
        }
        if (before.members != now_.members && !(took && verb <= 14)) membershipChangedByMember = true;
        for (uint256 i = 0; i < TITLES_WATCHED; i++) {
            compare(verb, took, before.titles[i], now_.titles[i]);
        }
        if (took) remember(verb, wordOf(act, 2), open);
    }

    /// @dev The council puts a second Titles in the place of the first.
    function nextVersion() internal {
        uint256 live = liveTitles();
        Titles next = new Titles(network, address(titles));
        uint256 version = network.version();
        bytes memory own = abi.encode(
            version + 1,
            5,
            address(membership),
            address(devices),
            address(next),
            address(releases),
            address(attestations)
        );
        bytes32 object = keccak256("versions");
        relay(network, framed(made(network, NetworkVerbs.ACTIVATE_VERSION, seat(0), object, version, own)));
        relay(network, framed(made(network, NetworkVerbs.ACTIVATE_VERSION, seat(1), object, version, own)));
        if (network.version() == version) return;
        (titles, versions) = (next, versions + 1);
        if (liveTitles() != live) liveTitlesLost = true;
    }

    function liveTitles() public view returns (uint256 count) {
        for (uint256 i = 0; i < TITLES_WATCHED; i++) {
            if (titleAt(i).state == TitleState.LIVE) count++;
        }
    }

    function compare(uint256 verb, bool took, ITitles.TitleView memory a, ITitles.TitleView memory b) private {
        if (keccak256(abi.encode(a)) == keccak256(abi.encode(b))) return;
        if (!took || b.counter != a.counter + 1) counterJumped = true;
        bool ordered = verb == TitlesVerbs.CONFIRM_TRANSFER;
        bool accepted = verb == TitlesVerbs.ACCEPT;
        if (a.holder != b.holder) {
            if (!accepted && !ordered) movedUnaccepted = true;
            if (b.holder != 0 && b.holder == a.pledgee) pledgeeBecameHolder = true;
            bool sold = a.enforceableFrom != 0 && block.timestamp >= a.enforceableFrom && accepted;
            if (a.pledgee != 0 && !sold && !ordered) movedPastPledgee = true;
        }
        if (a.pledgee != b.pledgee) {
            if (b.pledgee != 0 && !accepted) movedUnaccepted = true;
            if (b.pledgee != 0 && b.pledgee == b.holder) pledgeeBecameHolder = true;
            bool given = verb == TitlesVerbs.RELEASE_PLEDGE || ordered || (accepted && a.holder != b.holder);
            if (a.pledgee != 0 && !given) movedPastPledgee = true;
        }
        bool moved = a.holder != b.holder || a.pledgee != b.pledgee || a.root != b.root;
        bool stateMoved = a.state != b.state && b.state != TitleState.DELIVERED;
        if (a.freezes != 0 && !ordered && (moved || stateMoved)) movedWhileFrozen = true;
        if (a.root != b.root && a.state != TitleState.NONE) {
            bool named = verb == TitlesVerbs.AMEND && a.offerPurpose == SurrenderPurpose.AMENDMENT;
            if (!named || b.version != a.version + 1) movedUnaccepted = true;
            if (a.pledgee != 0 && !a.consented) movedPastPledgee = true;
        }
    }

    function remember(uint256 verb, bytes32 object, bool open) private {
        if (verb == TitlesVerbs.ISSUE) issues[object]++;
        if (verb == ReleasesVerbs.CONFIRM_REINSTATEMENT) uses[object]--;
        if (verb == ReleasesVerbs.GATE_OUT) {
            if (open) releasedTooEarly = true;
            if (++uses[object] > 1) releasedTwice = true;
        }
        if (verb == 11) {
            (uint256 number,,,,,) = membership.memberOf(object);
            if (titles.tiesOf(number) + releases.tiesOf(number) != 0) leftWithTies = true;
        }
    }

    /// @dev By what each contract says of itself, not by the one check of the gate.
    function releasable(bytes32 order) private view returns (bool) {
        IReleases.OrderView memory o = releases.orderOf(order);
        ITitles.TitleView memory t = titles.titleOf(o.title);
        return o.state == OrderState.OPEN && o.open == 0 && o.holds == 0 && t.state == TitleState.SURRENDERED
            && t.freezes == 0;
    }

    function sight() private view returns (Sight memory seen) {
        bytes memory all;
        for (uint256 i = 0; i < _members.length; i++) {
            (uint256 number, uint256 roles, uint256 status,,,) = membership.memberOf(_members[i]);
            all = bytes.concat(all, abi.encode(number, roles, status, membership.successorOf(_members[i])));
            all = bytes.concat(all, abi.encode(membership.assignedRoles(PORT, _members[i]) != 0 || roles == 0));
        }
        seen.members = keccak256(all);
        all = "";
        for (uint256 i = 0; i < TITLES_WATCHED; i++) {
            seen.titles[i] = titleAt(i);
            bytes32 order = releases.orderOfTitle(watched(i));
            if (order == 0) continue;
            all = bytes.concat(all, abi.encode(releases.orderOf(order)));
            all = bytes.concat(all, abi.encode(releases.rightOf(releases.rightId(order, BOX))));
            all = bytes.concat(all, abi.encode(releases.rightOf(releases.rightId(order, OTHER_BOX))));
        }
        seen.rights = keccak256(all);
    }
}
