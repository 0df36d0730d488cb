// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {TitlesVerbs} from "../src/generated/Verbs.sol";
import {Capacity, Endorsement, TitleKind, TitleState} from "../src/generated/Words.sol";
import {IActs} from "../src/interfaces/IActs.sol";
import {ITitles} from "../src/interfaces/ITitles.sol";
import {Consortium, Member} from "./Consortium.sol";

/// @dev What each verb does when it is carried out, and who else is refused.
contract TitlesTest is Consortium {
    function test_issue_makes_a_title_and_offers_it_to_its_first_holder() public {
        bytes memory act = issue(TITLE, TitleKind.ORDER, 0);
        done(titles, act);
        ITitles.TitleView memory t = titles.titleOf(TITLE);
        same(t.state, TitleState.ISSUED, "state");
        same(t.kind, TitleKind.ORDER, "kind");
        same(t.counter, 1, "counter");
        same(t.version, 1, "version");
        same(t.carrier, carrier.id, "carrier");
        same(t.holder, 0, "holder");
        same(t.counterparty, shipper.id, "counterparty");
        same(t.offer, keccak256(abi.encode(titles.digestOf(act), ROOT)), "offer");
        same(t.offerCapacity, Capacity.HOLDER, "capacity");
        same(t.deadline, START + 1 days, "deadline");
        same(t.root, ROOT, "root");
        same(t.loading, PORT, "loading");
        same(t.discharge, PORT, "discharge");
        same(titles.controllerOf(TITLE), carrier.id, "controller");
    }

    function test_accept_makes_the_first_holder() public {
        live(0);
        ITitles.TitleView memory t = titles.titleOf(TITLE);
        same(t.state, TitleState.LIVE, "state");
        same(t.holder, shipper.id, "holder");
        same(t.offer, 0, "offer");
        same(t.deadline, 0, "deadline");
        same(titles.controllerOf(TITLE), shipper.id, "controller");
    }

    function test_nothing_moves_before_the_other_side_accepts() public {
        live(0);
        done(titles, offer(shipper, consignee.id, Capacity.HOLDER, Endorsement.NONE));
        same(titles.titleOf(TITLE).holder, shipper.id, "holder");
        done(titles, answer(TitlesVerbs.ACCEPT, consignee));
        same(titles.titleOf(TITLE).holder, consignee.id, "holder");
    }

    function test_a_second_issue_with_the_same_tag_is_refused() public {
        live(0);
        bytes memory own =
            abi.encode(TitleKind.ORDER, bytes32(0), bank.id, block.timestamp + 1 days, PORT, PORT, keccak256("salted"));
        bytes memory act = made(titles, TitlesVerbs.ISSUE, carrier, TITLE, 0, own);
        refused(titles, act, because(ITitles.TitleExists.selector, TITLE));
        same(titles.titleOf(TITLE).holder, shipper.id, "holder");
    }

    function test_decline_leaves_an_issued_title_that_the_carrier_may_offer_again() public {
        issued(TitleKind.ORDER, 0);
        done(titles, answer(TitlesVerbs.DECLINE, shipper));
        same(titles.titleOf(TITLE).state, TitleState.ISSUED, "state");
        same(titles.titleOf(TITLE).counterparty, 0, "counterparty");
        handOver(carrier, consignee, Capacity.HOLDER, Endorsement.NONE);
        same(titles.titleOf(TITLE).holder, consignee.id, "holder");
    }

    function test_withdraw_closes_the_offer() public {
        live(0);
        done(titles, offer(shipper, consignee.id, Capacity.HOLDER, Endorsement.NONE));
        bytes memory late = answer(TitlesVerbs.ACCEPT, consignee);
        done(titles, answer(TitlesVerbs.WITHDRAW, shipper));
        refused(titles, late, because(ITitles.NoOpenOffer.selector, TITLE));
        same(titles.titleOf(TITLE).holder, shipper.id, "holder");
    }

    function test_a_pledge_gives_control_to_the_bank_and_its_release_gives_it_back() public {
        live(0);
        handOver(shipper, bank, Capacity.PLEDGEE, Endorsement.NONE);
        ITitles.TitleView memory t = titles.titleOf(TITLE);
        same(t.holder, shipper.id, "holder");
        same(t.pledgee, bank.id, "pledgee");
        same(titles.controllerOf(TITLE), bank.id, "controller");
        done(titles, releasePledge(bank));
        same(titles.titleOf(TITLE).pledgee, 0, "pledgee");
        same(titles.controllerOf(TITLE), shipper.id, "controller");
    }

    function test_an_offer_signed_before_the_pledge_and_relayed_after_it_is_refused() public {
        live(0);
        bytes memory before = offer(shipper, consignee.id, Capacity.HOLDER, Endorsement.NONE);
        handOver(shipper, bank, Capacity.PLEDGEE, Endorsement.NONE);
        refused(titles, before, because(IActs.StaleCounter.selector, TITLE, bytes32(uint256(4)), bytes32(uint256(2))));
    }

    function test_only_the_pledgee_releases_the_pledge() public {
        live(0);
        refused(titles, releasePledge(bank), because(ITitles.NotThePledgee.selector, TITLE, bank.id, 0));
        handOver(shipper, bank, Capacity.PLEDGEE, Endorsement.NONE);
        refused(titles, releasePledge(shipper), because(ITitles.NotThePledgee.selector, TITLE, shipper.id, bank.id));
    }

    function test_a_pledgee_neither_offers_nor_surrenders() public {
        live(0);
        handOver(shipper, bank, Capacity.PLEDGEE, Endorsement.NONE);
        bytes memory reason = because(ITitles.TitlePledged.selector, TITLE);
        refused(titles, offer(bank, consignee.id, Capacity.HOLDER, Endorsement.NONE), reason);
        refused(titles, surrender(bank), reason);
    }

    function test_surrender_is_offered_to_the_carrier_and_control_passes_when_it_accepts() public {
        live(0);
        done(titles, surrender(shipper));
        same(titles.titleOf(TITLE).counterparty, carrier.id, "counterparty");
        same(titles.titleOf(TITLE).offerPurpose, 1, "purpose");
        same(titles.controllerOf(TITLE), shipper.id, "controller");
        done(titles, answer(TitlesVerbs.ACCEPT, carrier));
        same(titles.titleOf(TITLE).state, TitleState.SURRENDERED, "state");
        same(titles.titleOf(TITLE).holder, shipper.id, "the reversion");
        same(titles.controllerOf(TITLE), carrier.id, "controller");
    }

    function test_a_surrendered_title_is_handed_over_by_nobody() public {
        surrendered();
        bytes memory stale = offer(shipper, consignee.id, Capacity.HOLDER, Endorsement.NONE);
        refused(titles, stale, because(IActs.WrongState.selector, TITLE, bytes32(TitleState.SURRENDERED)));
        bytes memory act = offer(carrier, consignee.id, Capacity.HOLDER, Endorsement.NONE);
        refused(titles, act, because(IActs.WrongState.selector, TITLE, bytes32(TitleState.SURRENDERED)));
    }

    function test_a_declined_surrender_leaves_the_holder_in_control() public {
        live(0);
        done(titles, surrender(shipper));
        done(titles, answer(TitlesVerbs.DECLINE, carrier));
        same(titles.titleOf(TITLE).state, TitleState.LIVE, "state");
        same(titles.controllerOf(TITLE), shipper.id, "controller");
    }

    function test_the_carrier_voids_a_title_before_its_first_hand_over() public {
        issued(TitleKind.ORDER, 0);
        bytes memory late = answer(TitlesVerbs.ACCEPT, shipper);
        done(titles, voidTitle(carrier));
        same(titles.titleOf(TITLE).state, TitleState.VOID, "state");
        same(titles.controllerOf(TITLE), 0, "controller");
        refused(titles, late, because(IActs.WrongState.selector, TITLE, bytes32(TitleState.VOID)));
        bytes memory again = issue(TITLE, TitleKind.ORDER, 0);
        refused(titles, again, because(ITitles.TitleExists.selector, TITLE));
    }

    function test_a_live_title_is_not_voided() public {
        live(0);
        refused(titles, voidTitle(carrier), because(IActs.WrongState.selector, TITLE, bytes32(TitleState.LIVE)));
    }

    function test_only_the_carrier_voids() public {
        issued(TitleKind.ORDER, 0);
        refused(titles, voidTitle(shipper), because(ITitles.NotTheCarrier.selector, TITLE, shipper.id, carrier.id));
    }

    function test_only_a_carrier_issues() public {
        bytes memory own = abi.encode(TitleKind.ORDER, bytes32(0), bank.id, block.timestamp + 1 days, PORT, PORT, ROOT);
        bytes memory act = made(titles, TitlesVerbs.ISSUE, shipper, TITLE, 0, own);
        refused(titles, act, because(IActs.RoleMissing.selector, shipper.id, bytes32(uint256(1))));
    }

    function test_only_the_controller_offers_withdraws_and_surrenders() public {
        live(0);
        bytes memory reason = because(ITitles.NotTheHolder.selector, TITLE, bank.id, shipper.id);
        refused(titles, offer(bank, consignee.id, Capacity.HOLDER, Endorsement.NONE), reason);
        refused(titles, surrender(bank), reason);
        done(titles, offer(shipper, consignee.id, Capacity.HOLDER, Endorsement.NONE));
        reason = because(ITitles.NotTheController.selector, TITLE, bank.id, shipper.id);
        refused(titles, answer(TitlesVerbs.WITHDRAW, bank), reason);
    }

    function test_only_the_counterparty_answers() public {
        issued(TitleKind.ORDER, 0);
        bytes memory reason = because(ITitles.NotTheCounterparty.selector, TITLE, bank.id, shipper.id);
        refused(titles, answer(TitlesVerbs.ACCEPT, bank), reason);
        refused(titles, answer(TitlesVerbs.DECLINE, bank), reason);
    }

    function test_an_unknown_title_is_refused() public {
        bytes memory act = offer(shipper, consignee.id, Capacity.HOLDER, Endorsement.NONE);
        refused(titles, act, because(IActs.ObjectUnknown.selector, TITLE));
        same(titles.titleOf(TITLE).state, TitleState.NONE, "state");
        same(titles.controllerOf(TITLE), 0, "controller");
    }

    function releasePledge(Member memory by) private returns (bytes memory) {
        return made(titles, TitlesVerbs.RELEASE_PLEDGE, by, TITLE, titles.titleOf(TITLE).counter, abi.encode(ROOT));
    }

    function voidTitle(Member memory by) private returns (bytes memory) {
        return made(titles, TitlesVerbs.VOID_TITLE, by, TITLE, titles.titleOf(TITLE).counter, abi.encode(0));
    }
}
