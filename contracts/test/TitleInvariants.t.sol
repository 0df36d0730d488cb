// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {TitlesVerbs} from "../src/generated/Verbs.sol";
import {Capacity, TitleKind, TitleState} from "../src/generated/Words.sol";
import {IActs} from "../src/interfaces/IActs.sol";
import {ITitles} from "../src/interfaces/ITitles.sol";
import {Member} from "./Consortium.sol";
import {TitleActs} from "./TitleActs.sol";
import {Vm} from "./Vm.sol";

/// @dev Any of eight members tries any verb on one title, with any terms, at any time and in any version.
contract TitleTraders is TitleActs {
    uint256 public counted; // acts that took effect, and settlements
    uint256 public issues;
    bool public movedWithoutAcceptance;
    bool public movedPastPledgee;
    bool public pledgeeBecameOwner;
    bool public freezeKeptOut;
    bool public changedByRefusal;
    bool public lostByVersion;

    bytes32 private _digest; // of the last surrender or proposal
    uint256 private _orders;

    function tryIssue(uint256 by, uint256 kind, uint256 party) external {
        // Mostly the carrier, so that most runs get past the issue.
        Member memory issuer = by % 4 == 0 ? member(by / 4) : carrier;
        bytes32 named = party % 3 == 0 ? bytes32(0) : member(party).id;
        bytes memory own = abi.encode(1 + kind % 2, named, member(kind).id, block.timestamp + 1 days, PORT, PORT, ROOT);
        run(made(titles, TitlesVerbs.ISSUE, issuer, TITLE, 0, own));
    }

    function tryOffer(uint256 by, uint256 to, uint256 capacity, uint256 endorsement) external {
        Member memory offerer = by % 4 == 0 ? member(by / 4) : controller();
        bytes memory own = abi.encode(
            member(to).id, 1 + capacity % 2, endorsement % 3, block.timestamp + 1 days, titles.titleOf(TITLE).root
        );
        run(act(TitlesVerbs.OFFER, offerer, own));
    }

    function tryAnswer(uint256 verb, bool counterparty, uint256 by) external {
        uint256[4] memory verbs = [TitlesVerbs.ACCEPT, TitlesVerbs.ACCEPT, TitlesVerbs.DECLINE, TitlesVerbs.WITHDRAW];
        run(answer(verbs[verb % 4], counterparty ? byId(titles.titleOf(TITLE).counterparty) : member(by)));
    }

    function trySurrender(uint256 by, uint256 purpose, bool amended) external {
        Member memory holder = by % 3 == 0 ? controller() : byId(titles.titleOf(TITLE).holder);
        bytes memory surrender_ = surrenderFor(holder, purpose % 4, amended ? AMENDED : bytes32(0));
        if (run(surrender_)) _digest = digestOf(surrender_);
    }

    function tryAmendment(uint256 by, bool consents) external {
        run(consents ? consent(by % 2 == 0 ? bank : member(by), _digest) : amend(carrier, _digest));
    }

    function tryLien(uint256 by, bool released) external {
        Member memory pledgee = by % 4 == 0 ? member(by) : controller();
        run(released ? releasePledge(pledgee) : recordDefault(pledgee));
    }

    function tryPaperOrVoid(uint256 to, bool voids) external {
        run(voids ? voidTitle(carrier) : returnFromPaper(carrier, member(to).id));
    }

    function tryFreeze(uint256 by, bool again) external {
        bytes32 order = again ? ORDER : bytes32(++_orders);
        ITitles.TitleView memory t = titles.titleOf(TITLE);
        bool done_ = run(freeze(by % 2 == 0 ? customs : member(by), order));
        bool applies = t.state == TitleState.ISSUED || t.state == TitleState.LIVE || t.state == TitleState.SURRENDERED;
        if (by % 2 == 0 && !again && applies && t.freezes < 15 && !done_) freezeKeptOut = true;
    }

    function tryLift(uint256 order) external {
        bytes32 id = order % 3 == 0 ? ORDER : bytes32(1 + order % (_orders + 1));
        run(made(titles, TitlesVerbs.LIFT, customs, TITLE, 0, abi.encode(PORT, id)));
    }

    function tryTransfer(uint256 to, uint256 endsLien, bool confirms) external {
        if (confirms) {
            run(confirm(to % 3 == 0 ? customs : regulator, _digest));
        } else {
            bytes memory proposal = propose(customs, member(to).id, endsLien % 2);
            if (run(proposal)) _digest = digestOf(proposal);
        }
    }

    function trySettle(bool delivered) external {
        ITitles.TitleView memory t = titles.titleOf(TITLE);
        if (t.state != TitleState.SURRENDERED) return;
        vm.prank(address(releases));
        titles.settle(TITLE, 0, delivered ? TitleState.DELIVERED : TitleState.LIVE);
        counted++;
    }

    function tryVersion(uint256 chance) external {
        if (chance % 4 != 0) return;
        ITitles.TitleView memory before = titles.titleOf(TITLE);
        nextVersion();
        ITitles.TitleView memory t = titles.titleOf(TITLE);
        bool same_ = t.state == before.state && t.holder == before.holder && t.pledgee == before.pledgee
            && t.root == before.root && t.counter == before.counter && t.freezes == before.freezes && t.offer == 0;
        if (!same_) lostByVersion = true;
    }

    function waitSome(uint256 time) external {
        vm.warp(block.timestamp + time % 10 days);
    }

    function title() external view returns (ITitles.TitleView memory) {
        return titles.titleOf(TITLE);
    }

    function controllerId() external view returns (bytes32) {
        return titles.controllerOf(TITLE);
    }

    /// @dev Ties of all members together.
    function ties() external view returns (uint256 count) {
        for (uint256 i = 0; i < 8; i++) {
            count += titles.tiesOf(numberOf(member(i)));
        }
    }

    function run(bytes memory made_) private returns (bool took) {
        ITitles.TitleView memory before = titles.titleOf(TITLE);
        Vm.Log[] memory logs = relay(titles, framed(made_));
        ITitles.TitleView memory t = titles.titleOf(TITLE);
        took = logs[0].topics[0] == IActs.Acted.selector;
        uint256 verb = uint8(made_[0]);
        if (took) counted++;
        if (took && verb == TitlesVerbs.ISSUE) issues++;
        bool moved = before.holder != t.holder || before.pledgee != t.pledgee;
        bool answered = verb == TitlesVerbs.ACCEPT || verb == TitlesVerbs.RELEASE_PLEDGE;
        if (moved && !(took && (answered || verb == TitlesVerbs.CONFIRM_TRANSFER))) movedWithoutAcceptance = true;
        judgeLien(before, t, verb);
        if (!took && keccak256(abi.encode(before)) != keccak256(abi.encode(t))) changedByRefusal = true;
    }

    /// @dev A pledged title's holder changes only by the pledgee's own sale, or by an order; never to the pledgee.
    function judgeLien(ITitles.TitleView memory before, ITitles.TitleView memory t, uint256 verb) private {
        if (before.pledgee == 0) return;
        if (t.holder == before.pledgee) pledgeeBecameOwner = true;
        bool byPledgee = before.enforceableFrom != 0 && block.timestamp >= before.enforceableFrom;
        bool movedOn = t.holder != before.holder || t.state != before.state;
        if (movedOn && verb != TitlesVerbs.CONFIRM_TRANSFER && !byPledgee) movedPastPledgee = true;
    }

    function member(uint256 i) private view returns (Member memory) {
        Member[8] memory members = [carrier, shipper, bank, consignee, terminal, customs, regulator, buyer];
        return members[i % 8];
    }

    function byId(bytes32 id) private view returns (Member memory) {
        for (uint256 i = 0; i < 8; i++) {
            if (member(i).id == id) return member(i);
        }
        return carrier;
    }

    function controller() private view returns (Member memory) {
        return byId(titles.controllerOf(TITLE));
    }
}

/// @dev The sentences on Titles and its parts, held against the traders.
contract TitleInvariants {
    TitleTraders private _traders;

    function setUp() public {
        _traders = new TitleTraders();
        _traders.setUp();
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_traders);
    }

    /// @dev All but setUp, which founds the network again.
    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    function targetSelectors() public view returns (FuzzSelector[] memory targets) {
        bytes4[] memory selectors = new bytes4[](13);
        selectors[0] = TitleTraders.tryIssue.selector;
        selectors[1] = TitleTraders.tryOffer.selector;
        selectors[2] = TitleTraders.tryAnswer.selector;
        selectors[3] = TitleTraders.trySurrender.selector;
        selectors[4] = TitleTraders.tryAmendment.selector;
        selectors[5] = TitleTraders.tryLien.selector;
        selectors[6] = TitleTraders.tryPaperOrVoid.selector;
        selectors[7] = TitleTraders.tryFreeze.selector;
        selectors[8] = TitleTraders.tryLift.selector;
        selectors[9] = TitleTraders.tryTransfer.selector;
        selectors[10] = TitleTraders.trySettle.selector;
        selectors[11] = TitleTraders.tryVersion.selector;
        selectors[12] = TitleTraders.waitSome.selector;
        targets = new FuzzSelector[](1);
        targets[0] = FuzzSelector(address(_traders), selectors);
    }

    function invariant_a_bill_is_issued_once() public view {
        assert(_traders.issues() <= 1);
    }

    function invariant_a_live_title_has_exactly_one_holder_and_one_controller() public view {
        ITitles.TitleView memory t = _traders.title();
        bytes32 controller = _traders.controllerId();
        if (t.state == TitleState.LIVE) {
            assert(t.holder != 0 && t.holder != t.pledgee);
            assert(controller == (t.pledgee != 0 ? t.pledgee : t.holder));
        } else {
            bool carriers = t.state == TitleState.ISSUED || t.state == TitleState.SURRENDERED;
            assert(controller == (carriers ? t.carrier : bytes32(0)));
        }
        if (t.kind == TitleKind.STRAIGHT) assert(t.pledgee == 0);
        if (t.offerCapacity == Capacity.PLEDGEE) assert(t.pledgee == 0);
    }

    function invariant_no_move_before_acceptance() public view {
        assert(!_traders.movedWithoutAcceptance());
    }

    function invariant_nothing_moves_past_a_pledgee() public view {
        assert(!_traders.movedPastPledgee());
    }

    function invariant_a_pledgee_never_becomes_owner() public view {
        assert(!_traders.pledgeeBecameOwner());
    }

    function invariant_a_holder_acting_in_every_block_cannot_keep_a_freeze_out() public view {
        assert(!_traders.freezeKeptOut());
    }

    function invariant_live_titles_are_conserved_across_versions() public view {
        assert(!_traders.lostByVersion());
    }

    function invariant_every_act_that_takes_effect_moves_the_titles_counter_by_one() public view {
        assert(_traders.title().counter == _traders.counted());
    }

    function invariant_a_members_ties_are_the_titles_it_issued_holds_or_has_a_lien_on_that_live() public view {
        ITitles.TitleView memory t = _traders.title();
        uint256 ties = 0;
        if (t.state != TitleState.NONE && t.state <= TitleState.SURRENDERED) {
            ties = 1 + (t.holder == 0 ? 0 : 1) + (t.pledgee == 0 ? 0 : 1);
        }
        assert(_traders.ties() == ties);
    }

    function invariant_a_refused_act_changes_no_state() public view {
        assert(!_traders.changedByRefusal());
    }
}
