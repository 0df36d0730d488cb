// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {TitlesVerbs} from "../src/generated/Verbs.sol";
import {TitleKind, TitleState} from "../src/generated/Words.sol";
import {IActs} from "../src/interfaces/IActs.sol";
import {ITitles} from "../src/interfaces/ITitles.sol";
import {Consortium, Member} from "./Consortium.sol";
import {Vm} from "./Vm.sol";

/// @dev Any of the six members tries any verb on one title, with any terms, at any time.
contract TitleTraders is Consortium {
    uint256 public counted; // acts that took effect
    uint256 public issues;
    bool public movedWithoutAcceptance;
    bool public changedByRefusal;

    function tryIssue(uint256 by, uint256 kind, uint256 party) external {
        // Mostly the carrier, so that most runs get past the issue.
        Member memory issuer = by % 4 == 0 ? member(by / 4) : carrier;
        bytes32 named = party % 3 == 0 ? bytes32(0) : member(party).id;
        bytes memory own = abi.encode(1 + kind % 2, named, member(kind).id, block.timestamp + 1 days, PORT, PORT, ROOT);
        run(made(titles, TitlesVerbs.ISSUE, issuer, TITLE, 0, own));
    }

    function tryOffer(uint256 to, uint256 capacity, uint256 endorsement) external {
        run(offer(controller(), member(to).id, 1 + capacity % 2, endorsement % 3));
    }

    function tryOfferByAnyone(uint256 by, uint256 to, uint256 endorsement) external {
        run(offer(member(by), member(to).id, 1, endorsement % 3));
    }

    function tryAnswer(uint256 verb, bool counterparty, uint256 by) external {
        uint256[3] memory verbs = [TitlesVerbs.ACCEPT, TitlesVerbs.ACCEPT, TitlesVerbs.DECLINE];
        run(answer(verbs[verb % 3], counterparty ? byId(titles.titleOf(TITLE).counterparty) : member(by)));
    }

    function tryWithdraw(uint256 by) external {
        run(answer(TitlesVerbs.WITHDRAW, member(by)));
    }

    function trySurrender(uint256 chance) external {
        if (chance % 4 == 0) run(surrender(controller()));
    }

    function tryReleasePledge(uint256 by) external {
        uint256 counter = titles.titleOf(TITLE).counter;
        Member memory releaser = by % 2 == 0 ? bank : member(by);
        run(made(titles, TitlesVerbs.RELEASE_PLEDGE, releaser, TITLE, counter, abi.encode(ROOT)));
    }

    function tryVoid(uint256 chance) external {
        uint256 counter = titles.titleOf(TITLE).counter;
        if (chance % 4 == 0) run(made(titles, TitlesVerbs.VOID_TITLE, carrier, TITLE, counter, abi.encode(0)));
    }

    function waitSome(uint256 time) external {
        vm.warp(block.timestamp + time % 2 days);
    }

    function title() external view returns (ITitles.TitleView memory) {
        return titles.titleOf(TITLE);
    }

    function controllerId() external view returns (bytes32) {
        return titles.controllerOf(TITLE);
    }

    function run(bytes memory act) private {
        ITitles.TitleView memory before = titles.titleOf(TITLE);
        Vm.Log[] memory logs = relay(titles, framed(act));
        ITitles.TitleView memory after_ = titles.titleOf(TITLE);
        bool took = logs[0].topics[0] == IActs.Acted.selector;
        if (took) counted++;
        if (took && uint8(act[0]) == TitlesVerbs.ISSUE) issues++;
        bool moved = before.holder != after_.holder || before.pledgee != after_.pledgee;
        bool answered = uint8(act[0]) == TitlesVerbs.ACCEPT || uint8(act[0]) == TitlesVerbs.RELEASE_PLEDGE;
        if (moved && !(took && answered)) movedWithoutAcceptance = true;
        if (!took && keccak256(abi.encode(before)) != keccak256(abi.encode(after_))) changedByRefusal = true;
    }

    function member(uint256 i) private view returns (Member memory) {
        Member[6] memory members = [carrier, shipper, bank, consignee, terminal, customs];
        return members[i % 6];
    }

    function byId(bytes32 id) private view returns (Member memory) {
        for (uint256 i = 0; i < 6; i++) {
            if (member(i).id == id) return member(i);
        }
        return carrier;
    }

    function controller() private view returns (Member memory) {
        return byId(titles.controllerOf(TITLE));
    }
}

/// @dev The sentences on Titles, held against the traders.
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
        bytes4[] memory selectors = new bytes4[](9);
        selectors[0] = TitleTraders.tryIssue.selector;
        selectors[1] = TitleTraders.tryOffer.selector;
        selectors[2] = TitleTraders.tryOfferByAnyone.selector;
        selectors[3] = TitleTraders.tryAnswer.selector;
        selectors[4] = TitleTraders.tryWithdraw.selector;
        selectors[5] = TitleTraders.trySurrender.selector;
        selectors[6] = TitleTraders.tryReleasePledge.selector;
        selectors[7] = TitleTraders.tryVoid.selector;
        selectors[8] = TitleTraders.waitSome.selector;
        targets = new FuzzSelector[](1);
        targets[0] = FuzzSelector(address(_traders), selectors);
    }

    function invariant_a_title_is_issued_once() public view {
        assert(_traders.issues() <= 1);
    }

    function invariant_a_live_title_has_exactly_one_holder_and_one_controller() public view {
        ITitles.TitleView memory t = _traders.title();
        bytes32 controller = _traders.controllerId();
        if (t.state == TitleState.LIVE) {
            assert(t.holder != 0);
            assert(controller == (t.pledgee != 0 ? t.pledgee : t.holder));
        } else {
            assert(t.pledgee == 0);
            bool carriers = t.state == TitleState.ISSUED || t.state == TitleState.SURRENDERED;
            assert(controller == (carriers ? t.carrier : bytes32(0)));
        }
        if (t.kind == TitleKind.STRAIGHT) assert(t.pledgee == 0);
    }

    function invariant_nothing_moves_before_the_other_side_accepts() public view {
        assert(!_traders.movedWithoutAcceptance());
    }

    function invariant_every_act_that_takes_effect_moves_the_titles_counter_by_one() public view {
        assert(_traders.title().counter == _traders.counted());
    }

    function invariant_a_refused_act_changes_no_state() public view {
        assert(!_traders.changedByRefusal());
    }
}
