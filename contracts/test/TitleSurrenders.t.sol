// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {TitlesVerbs} from "../src/generated/Verbs.sol";
import {Capacity, Endorsement, SurrenderPurpose, TitleKind, TitleState} from "../src/generated/Words.sol";
import {IActs} from "../src/interfaces/IActs.sol";
import {IDevices} from "../src/interfaces/IDevices.sol";
import {ITitles} from "../src/interfaces/ITitles.sol";
import {Vm} from "./Vm.sol";
import {TitleActs} from "./TitleActs.sol";

/// @dev Surrender for amendment and paper, who answers for the carrier, and what orders do to their titles.
contract TitleSurrendersTest is TitleActs {
    bytes32 private constant OTHER = keccak256("other");

    // Amendment

    function test_amend_replaces_the_root_under_the_same_title_and_keeps_control_and_liens() public {
        pledged();
        bytes32 digest = amending();
        same(titles.titleOf(TITLE).offer, keccak256(abi.encode(digest, AMENDED)), "offer");
        done(titles, consent(bank, digest));
        holds(titles.titleOf(TITLE).consented, "consented");
        done(titles, amend(carrier, digest));
        ITitles.TitleView memory t = titles.titleOf(TITLE);
        same(t.root, AMENDED, "root");
        same(t.version, 2, "version");
        same(t.holder, shipper.id, "holder");
        same(t.pledgee, bank.id, "pledgee");
        holds(!t.consented, "consent used");
        same(titles.rootOf(TITLE), AMENDED, "root");
    }

    function test_a_pledged_title_is_amended_only_with_its_pledgees_consent() public {
        pledged();
        bytes32 digest = amending();
        refused(titles, amend(carrier, digest), because(ITitles.ConsentMissing.selector, TITLE));
        refused(titles, consent(shipper, digest), because(ITitles.NotThePledgee.selector, TITLE, shipper.id, bank.id));
        done(titles, consent(bank, digest));
        refused(titles, consent(bank, digest), because(ITitles.ConsentGiven.selector, TITLE));
    }

    function test_a_consent_ends_with_the_amendment_it_was_given_to() public {
        pledged();
        bytes32 digest = amending();
        done(titles, consent(bank, digest));
        done(titles, answer(TitlesVerbs.WITHDRAW, shipper));
        digest = amending();
        refused(titles, amend(carrier, digest), because(ITitles.ConsentMissing.selector, TITLE));
        done(titles, consent(bank, digest));
        vm.warp(block.timestamp + 2 days);
        refused(titles, consent(bank, digest), lapsed());
        refused(titles, amend(carrier, digest), lapsed());
        digest = amending();
        refused(titles, amend(carrier, digest), because(ITitles.ConsentMissing.selector, TITLE));
    }

    function test_only_the_root_that_the_holder_named_is_amended() public {
        live(0);
        bytes32 digest = amending();
        bytes32 open = titles.titleOf(TITLE).offer;
        bytes memory act_ = act(TitlesVerbs.AMEND, carrier, abi.encode(digest, OTHER));
        bytes32 given = keccak256(abi.encode(digest, OTHER));
        refused(titles, act_, because(ITitles.AmendmentMismatch.selector, TITLE, open, given));
        given = keccak256(abi.encode(OTHER, AMENDED));
        refused(titles, amend(carrier, OTHER), because(ITitles.AmendmentMismatch.selector, TITLE, open, given));
    }

    function test_an_amendment_to_nothing_or_to_the_same_is_refused() public {
        live(0);
        bytes memory act_ = surrenderFor(shipper, SurrenderPurpose.AMENDMENT, 0);
        refused(titles, act_, because(ITitles.AmendmentEmpty.selector, TITLE, 0));
        act_ = surrenderFor(shipper, SurrenderPurpose.AMENDMENT, ROOT);
        refused(titles, act_, because(ITitles.AmendmentEmpty.selector, TITLE, ROOT));
        bytes memory own = abi.encode(SurrenderPurpose.AMENDMENT, OTHER, AMENDED, block.timestamp + 1 days);
        act_ = act(TitlesVerbs.SURRENDER, shipper, own);
        refused(titles, act_, because(ITitles.RootMismatch.selector, TITLE, ROOT, OTHER));
    }

    function test_an_amendment_is_amended_or_declined_and_never_accepted() public {
        live(0);
        amending();
        bytes memory reason = because(IActs.PurposeUnknown.selector, bytes32(SurrenderPurpose.AMENDMENT));
        refused(titles, answer(TitlesVerbs.ACCEPT, carrier), reason);
        bytes memory other = act(TitlesVerbs.ACCEPT, carrier, abi.encode(offerNamed(TITLE), OTHER));
        refused(titles, other, because(ITitles.RootMismatch.selector, TITLE, ROOT, OTHER));
        done(titles, answer(TitlesVerbs.DECLINE, carrier));
        same(titles.titleOf(TITLE).offer, 0, "offer");
    }

    function test_only_an_amendment_is_amended_and_only_by_who_answers_for_the_carrier() public {
        pledged();
        refused(titles, amend(carrier, 0), because(ITitles.NoOpenOffer.selector, TITLE));
        refused(titles, consent(bank, 0), because(ITitles.NoOpenOffer.selector, TITLE));
        bytes32 digest = amending();
        bytes memory reason = because(ITitles.NotTheCounterparty.selector, TITLE, buyer.id, carrier.id);
        refused(titles, amend(buyer, digest), reason);
        done(titles, releasePledge(bank));
        done(titles, answer(TitlesVerbs.DECLINE, carrier));
        done(titles, surrender(shipper));
        reason = because(IActs.PurposeUnknown.selector, bytes32(SurrenderPurpose.DELIVERY));
        refused(titles, amend(carrier, digest), reason);
    }

    function test_a_frozen_title_is_neither_amended_nor_consented_to() public {
        pledged();
        bytes32 digest = amending();
        frozen();
        bytes memory reason = because(ITitles.TitleFrozen.selector, TITLE);
        refused(titles, consent(bank, digest), reason);
        refused(titles, amend(carrier, digest), reason);
    }

    function test_an_amendment_of_a_suspended_holder_is_not_carried_out() public {
        live(0);
        bytes32 digest = amending();
        suspend(shipper);
        refused(titles, amend(carrier, digest), because(IActs.MemberNotActive.selector, shipper.id));
    }

    function test_a_title_has_at_most_4095_versions() public {
        live(0);
        // The word's place in storage: see the committed storage layout; the version is its bits 12 to 23.
        vm.record();
        titles.controllerOf(TITLE);
        (bytes32[] memory reads,) = vm.accesses(address(titles));
        bytes32 word = vm.load(address(titles), reads[0]);
        vm.store(address(titles), reads[0], word | bytes32(uint256(0xfff) << 12));
        same(titles.titleOf(TITLE).version, 4095, "version");
        refused(titles, amend(carrier, amending()), because(ITitles.TooManyVersions.selector, TITLE));
    }

    // Paper

    function test_a_title_goes_to_paper_and_comes_back_to_the_member_that_brings_it() public {
        live(shipper.id);
        inPaper();
        same(titles.titleOf(TITLE).state, TitleState.PAPER, "state");
        same(titles.titleOf(TITLE).holder, 0, "holder");
        same(titles.controllerOf(TITLE), 0, "controller");
        done(titles, returnFromPaper(carrier, consignee.id));
        done(titles, answer(TitlesVerbs.ACCEPT, consignee));
        same(titles.titleOf(TITLE).state, TitleState.LIVE, "state");
        same(titles.titleOf(TITLE).holder, consignee.id, "holder");
        same(titles.titleOf(TITLE).party, consignee.id, "party");
    }

    function test_out_of_paper_a_blank_title_stays_blank_and_a_straight_one_keeps_its_consignee() public {
        live(0);
        inPaper();
        done(titles, returnFromPaper(carrier, consignee.id));
        done(titles, answer(TitlesVerbs.ACCEPT, consignee));
        same(titles.titleOf(TITLE).party, 0, "party");
    }

    function test_out_of_paper_a_straight_title_keeps_its_consignee() public {
        straight();
        inPaper();
        done(titles, returnFromPaper(carrier, bank.id));
        done(titles, answer(TitlesVerbs.ACCEPT, bank));
        same(titles.titleOf(TITLE).party, consignee.id, "party");
    }

    function test_a_return_from_paper_is_declined_withdrawn_and_offered_again() public {
        live(0);
        inPaper();
        done(titles, returnFromPaper(carrier, bank.id));
        done(titles, answer(TitlesVerbs.DECLINE, bank));
        done(titles, returnFromPaper(carrier, bank.id));
        refused(titles, returnFromPaper(carrier, bank.id), because(ITitles.OfferOpen.selector, TITLE));
        done(titles, answer(TitlesVerbs.WITHDRAW, carrier));
        bytes memory reason = because(ITitles.NotTheCarrier.selector, TITLE, shipper.id, carrier.id);
        refused(titles, returnFromPaper(shipper, bank.id), reason);
        refused(titles, returnFromPaper(carrier, carrier.id), because(ITitles.OfferToSelf.selector, TITLE));
        bytes memory wrong = because(IActs.WrongState.selector, TITLE, bytes32(TitleState.PAPER));
        refused(titles, offer(shipper, bank.id, Capacity.HOLDER, Endorsement.NONE), wrong);
        refused(titles, freeze(customs, ORDER), wrong);
    }

    // Who answers for the carrier

    function test_a_named_successor_answers_for_the_carrier_and_the_carrier_no_longer_does() public {
        live(0);
        done(titles, surrender(shipper));
        succeeded(buyer);
        bytes memory reason = because(ITitles.NotTheCounterparty.selector, TITLE, carrier.id, buyer.id);
        refused(titles, answer(TitlesVerbs.ACCEPT, carrier), reason);
        done(titles, answer(TitlesVerbs.ACCEPT, buyer));
        same(titles.titleOf(TITLE).state, TitleState.SURRENDERED, "state");
    }

    function test_for_an_absent_carrier_nobody_answers_until_a_successor_is_named() public {
        live(0);
        done(titles, surrender(shipper));
        suspend(carrier);
        refused(titles, answer(TitlesVerbs.ACCEPT, buyer), because(IActs.MemberNotActive.selector, carrier.id));
        succeeded(buyer);
        done(titles, answer(TitlesVerbs.DECLINE, buyer));
    }

    // Orders

    function test_a_closed_order_delivers_its_title_and_a_cancelled_one_gives_it_back() public {
        surrendered();
        vm.recordLogs();
        vm.prank(address(releases));
        titles.settle(TITLE, OTHER, TitleState.LIVE);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        same(logs[0].topics[0], IActs.Followed.selector, "event");
        same(logs[0].topics[2], OTHER, "cause");
        same(keccak256(logs[0].data), keccak256(abi.encode(5, TitleState.LIVE)), "counter and state");
        same(titles.controllerOf(TITLE), shipper.id, "controller");
        done(titles, surrender(shipper));
        done(titles, answer(TitlesVerbs.ACCEPT, carrier));
        vm.prank(address(releases));
        titles.settle(TITLE, OTHER, TitleState.DELIVERED);
        same(titles.titleOf(TITLE).state, TitleState.DELIVERED, "state");
        same(titles.controllerOf(TITLE), 0, "controller");
    }

    function test_only_releases_settles_and_only_a_surrendered_title() public {
        live(0);
        vm.expectRevert(IDevices.OnlyReleases.selector);
        titles.settle(TITLE, 0, TitleState.DELIVERED);
        vm.expectRevert(because(IActs.WrongState.selector, TITLE, bytes32(TitleState.LIVE)));
        vm.prank(address(releases));
        titles.settle(TITLE, 0, TitleState.DELIVERED);
        done(titles, surrender(shipper));
        done(titles, answer(TitlesVerbs.ACCEPT, carrier));
        vm.expectRevert(because(IActs.WrongState.selector, TITLE, bytes32(TitleState.PAPER)));
        vm.prank(address(releases));
        titles.settle(TITLE, 0, TitleState.PAPER);
    }

    function test_delivery_facts_name_the_carrier_and_whose_the_goods_are() public {
        surrendered();
        frozen();
        ITitles.DeliveryFacts memory facts = titles.deliveryFacts(TITLE);
        same(facts.state, TitleState.SURRENDERED, "state");
        same(facts.carrier, numberOf(carrier), "carrier");
        same(facts.entitled, numberOf(shipper), "entitled");
        same(facts.loading, PORT, "loading");
        same(facts.discharge, PORT, "discharge");
        holds(facts.frozen, "frozen");
        holds(titles.titleOf(TITLE).kind == TitleKind.ORDER, "kind");
    }

    function lapsed() private view returns (bytes memory) {
        return because(ITitles.OfferLapsed.selector, TITLE, bytes32(titles.titleOf(TITLE).deadline));
    }
}
