// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {TitlesVerbs} from "../src/generated/Verbs.sol";
import {Capacity, Endorsement, Role, SurrenderPurpose, TitleKind, TitleState} from "../src/generated/Words.sol";
import {IActs} from "../src/interfaces/IActs.sol";
import {ITitles} from "../src/interfaces/ITitles.sol";
import {Consortium, Member} from "./Consortium.sol";

/// @dev The terms of offers, and what is refused of them.
contract TitleTermsTest is Consortium {
    // Issue

    function test_an_issue_of_no_kind_is_refused() public {
        refused(titles, issue(TITLE, 3, 0), because(IActs.KindUnknown.selector, bytes32(uint256(3))));
        refused(titles, issue(TITLE, 0, 0), because(IActs.KindUnknown.selector, 0));
    }

    function test_a_straight_title_is_issued_to_a_named_consignee_only() public {
        refused(titles, issue(TITLE, TitleKind.STRAIGHT, 0), because(IActs.MemberUnknown.selector, 0));
        issued(TitleKind.STRAIGHT, consignee.id);
        same(titles.titleOf(TITLE).party, consignee.id, "party");
    }

    function test_a_title_made_out_to_an_unknown_member_is_refused() public {
        bytes memory reason = because(IActs.MemberUnknown.selector, stranger.id);
        refused(titles, issue(TITLE, TitleKind.ORDER, stranger.id), reason);
        refused(titles, issueTo(stranger.id, PORT, PORT, 1 days), reason);
    }

    function test_a_port_that_is_no_port_is_refused() public {
        refused(titles, issueTo(shipper.id, 0, PORT, 1 days), because(IActs.PortUnknown.selector, 0));
        bytes memory reason = because(IActs.PortUnknown.selector, bytes32(uint256(65_536)));
        refused(titles, issueTo(shipper.id, PORT, 65_536, 1 days), reason);
    }

    function test_an_issue_to_the_carrier_itself_is_refused() public {
        refused(titles, issueTo(carrier.id, PORT, PORT, 1 days), because(ITitles.OfferToSelf.selector, TITLE));
    }

    function test_a_deadline_out_of_range_is_refused() public {
        refused(titles, issueTo(shipper.id, PORT, PORT, 0), deadlineRefused(0));
        refused(titles, issueTo(shipper.id, PORT, PORT, 90 days + 1), deadlineRefused(90 days + 1));
        done(titles, issueTo(shipper.id, PORT, PORT, 90 days));
    }

    function test_an_issue_carries_no_counter() public {
        bytes memory own = abi.encode(TitleKind.ORDER, 0, shipper.id, START + 1, PORT, PORT, ROOT);
        bytes memory act = made(titles, TitlesVerbs.ISSUE, carrier, TITLE, 1, own);
        refused(titles, act, because(IActs.StaleCounter.selector, TITLE, 0, bytes32(uint256(1))));
    }

    // Hand-over of order titles

    function test_a_blank_title_is_handed_over_without_endorsement_and_stays_blank() public {
        live(0);
        handOver(shipper, consignee, Capacity.HOLDER, Endorsement.NONE);
        same(titles.titleOf(TITLE).party, 0, "party");
        handOver(consignee, bank, Capacity.HOLDER, Endorsement.BLANK);
        same(titles.titleOf(TITLE).party, 0, "party");
    }

    function test_a_named_endorsement_makes_the_party_on_acceptance() public {
        live(0);
        done(titles, offer(shipper, consignee.id, Capacity.HOLDER, Endorsement.NAMED));
        same(titles.titleOf(TITLE).party, 0, "party");
        done(titles, answer(TitlesVerbs.ACCEPT, consignee));
        same(titles.titleOf(TITLE).party, consignee.id, "party");
    }

    function test_only_the_order_party_endorses() public {
        live(shipper.id);
        refused(
            titles,
            offer(shipper, consignee.id, Capacity.HOLDER, Endorsement.NONE),
            because(ITitles.EndorsementRefused.selector, TITLE, 0)
        );
        handOver(shipper, consignee, Capacity.HOLDER, Endorsement.BLANK);
        same(titles.titleOf(TITLE).party, 0, "party");
    }

    function test_a_holder_that_is_not_the_order_party_hands_over_to_it_alone() public {
        live(consignee.id);
        refused(
            titles,
            offer(shipper, consignee.id, Capacity.HOLDER, Endorsement.NAMED),
            because(ITitles.EndorsementRefused.selector, TITLE, bytes32(Endorsement.NAMED))
        );
        refused(
            titles,
            offer(shipper, bank.id, Capacity.HOLDER, Endorsement.NONE),
            because(ITitles.NotTheParty.selector, TITLE, bank.id, consignee.id)
        );
        handOver(shipper, consignee, Capacity.HOLDER, Endorsement.NONE);
        same(titles.titleOf(TITLE).holder, consignee.id, "holder");
    }

    // Hand-over of straight titles

    function test_a_straight_title_goes_to_its_consignee_and_no_further() public {
        issued(TitleKind.STRAIGHT, consignee.id);
        done(titles, answer(TitlesVerbs.ACCEPT, shipper));
        refused(
            titles,
            offer(shipper, bank.id, Capacity.HOLDER, Endorsement.NONE),
            because(ITitles.NotTheParty.selector, TITLE, bank.id, consignee.id)
        );
        refused(
            titles,
            offer(shipper, consignee.id, Capacity.HOLDER, Endorsement.BLANK),
            because(ITitles.EndorsementRefused.selector, TITLE, bytes32(Endorsement.BLANK))
        );
        handOver(shipper, consignee, Capacity.HOLDER, Endorsement.NONE);
        refused(
            titles,
            offer(consignee, bank.id, Capacity.HOLDER, Endorsement.NONE),
            because(ITitles.KindRefuses.selector, TITLE)
        );
    }

    function test_a_straight_title_is_not_pledged() public {
        issued(TitleKind.STRAIGHT, consignee.id);
        done(titles, answer(TitlesVerbs.ACCEPT, shipper));
        refused(
            titles,
            offer(shipper, bank.id, Capacity.PLEDGEE, Endorsement.NONE),
            because(ITitles.CapacityUnknown.selector, bytes32(Capacity.PLEDGEE))
        );
    }

    // Offers

    function test_a_pledge_is_offered_to_a_bank_without_endorsement() public {
        live(0);
        refused(
            titles,
            offer(shipper, consignee.id, Capacity.PLEDGEE, Endorsement.NONE),
            because(IActs.RoleMissing.selector, consignee.id, bytes32(Role.BANK))
        );
        refused(
            titles,
            offer(shipper, bank.id, Capacity.PLEDGEE, Endorsement.NAMED),
            because(ITitles.EndorsementRefused.selector, TITLE, bytes32(Endorsement.NAMED))
        );
    }

    function test_before_the_first_acceptance_a_title_is_offered_to_a_holder_without_endorsement() public {
        issued(TitleKind.ORDER, 0);
        done(titles, answer(TitlesVerbs.DECLINE, shipper));
        refused(
            titles,
            offer(carrier, bank.id, Capacity.PLEDGEE, Endorsement.NONE),
            because(ITitles.CapacityUnknown.selector, bytes32(Capacity.PLEDGEE))
        );
        refused(
            titles,
            offer(carrier, shipper.id, Capacity.HOLDER, Endorsement.BLANK),
            because(ITitles.EndorsementRefused.selector, TITLE, bytes32(Endorsement.BLANK))
        );
    }

    function test_an_offer_in_no_capacity_or_with_no_endorsement_there_is_is_refused() public {
        live(0);
        bytes memory reason = because(ITitles.CapacityUnknown.selector, bytes32(uint256(3)));
        refused(titles, offer(shipper, bank.id, 3, Endorsement.NONE), reason);
        reason = because(ITitles.CapacityUnknown.selector, 0);
        refused(titles, offer(shipper, bank.id, 0, Endorsement.NONE), reason);
        reason = because(ITitles.EndorsementRefused.selector, TITLE, bytes32(uint256(3)));
        refused(titles, offer(shipper, bank.id, Capacity.HOLDER, 3), reason);
    }

    function test_an_offer_to_oneself_or_a_stranger_is_refused() public {
        live(0);
        refused(
            titles,
            offer(shipper, shipper.id, Capacity.HOLDER, Endorsement.NONE),
            because(ITitles.OfferToSelf.selector, TITLE)
        );
        refused(
            titles,
            offer(shipper, stranger.id, Capacity.HOLDER, Endorsement.NONE),
            because(IActs.MemberUnknown.selector, stranger.id)
        );
    }

    function test_a_second_offer_is_refused_while_one_is_open() public {
        live(0);
        done(titles, offer(shipper, consignee.id, Capacity.HOLDER, Endorsement.NONE));
        bytes memory reason = because(ITitles.OfferOpen.selector, TITLE);
        refused(titles, offer(shipper, bank.id, Capacity.HOLDER, Endorsement.NONE), reason);
        refused(titles, surrender(shipper), reason);
    }

    function test_a_lapsed_offer_is_never_accepted_but_may_be_overwritten() public {
        live(0);
        done(titles, offer(shipper, consignee.id, Capacity.HOLDER, Endorsement.NONE));
        uint256 deadline = titles.titleOf(TITLE).deadline;
        vm.warp(deadline + 1);
        refused(
            titles,
            answer(TitlesVerbs.ACCEPT, consignee),
            because(ITitles.OfferLapsed.selector, TITLE, bytes32(deadline))
        );
        handOver(shipper, bank, Capacity.HOLDER, Endorsement.NONE);
        same(titles.titleOf(TITLE).holder, bank.id, "holder");
    }

    function test_an_offer_is_accepted_in_the_last_second_of_its_deadline() public {
        live(0);
        done(titles, offer(shipper, consignee.id, Capacity.HOLDER, Endorsement.NONE));
        vm.warp(titles.titleOf(TITLE).deadline);
        done(titles, answer(TitlesVerbs.ACCEPT, consignee));
    }

    function test_an_offer_of_another_document_is_refused() public {
        live(0);
        bytes32 other = keccak256("another document");
        bytes memory own = abi.encode(consignee.id, Capacity.HOLDER, Endorsement.NONE, block.timestamp + 1 days, other);
        bytes memory reason = because(ITitles.RootMismatch.selector, TITLE, ROOT, other);
        refused(titles, made(titles, TitlesVerbs.OFFER, shipper, TITLE, 2, own), reason);
        own = abi.encode(SurrenderPurpose.DELIVERY, other, bytes32(0), block.timestamp + 1 days);
        refused(titles, made(titles, TitlesVerbs.SURRENDER, shipper, TITLE, 2, own), reason);
        handOver(shipper, bank, Capacity.PLEDGEE, Endorsement.NONE);
        refused(titles, made(titles, TitlesVerbs.RELEASE_PLEDGE, bank, TITLE, 4, abi.encode(other)), reason);
    }

    function test_an_acceptance_of_other_terms_is_refused() public {
        issued(TitleKind.ORDER, 0);
        (bytes32 open, bytes32 offer_) = (titles.titleOf(TITLE).offer, offerNamed(TITLE));
        bytes32 other = keccak256("other terms");
        bytes32 given = keccak256(abi.encode(other, ROOT));
        bytes memory act = made(titles, TitlesVerbs.ACCEPT, shipper, TITLE, 1, abi.encode(other, ROOT));
        refused(titles, act, because(ITitles.OfferMismatch.selector, TITLE, open, given));
        act = made(titles, TitlesVerbs.ACCEPT, shipper, TITLE, 1, abi.encode(offer_, other));
        refused(titles, act, because(ITitles.RootMismatch.selector, TITLE, ROOT, other));
        act = made(titles, TitlesVerbs.DECLINE, shipper, TITLE, 1, abi.encode(other));
        refused(titles, act, because(ITitles.OfferMismatch.selector, TITLE, open, given));
        act = made(titles, TitlesVerbs.WITHDRAW, carrier, TITLE, 1, abi.encode(other));
        refused(titles, act, because(ITitles.OfferMismatch.selector, TITLE, open, given));
    }

    function test_without_an_open_offer_there_is_nothing_to_answer_or_withdraw() public {
        live(0);
        bytes memory reason = because(ITitles.NoOpenOffer.selector, TITLE);
        refused(titles, answer(TitlesVerbs.ACCEPT, consignee), reason);
        refused(titles, answer(TitlesVerbs.DECLINE, consignee), reason);
        refused(titles, answer(TitlesVerbs.WITHDRAW, shipper), reason);
    }

    // Surrender

    function test_a_surrender_for_no_purpose_there_is_is_refused() public {
        live(0);
        refused(titles, surrenderFor(4, 0), because(IActs.PurposeUnknown.selector, bytes32(uint256(4))));
        refused(titles, surrenderFor(0, 0), because(IActs.PurposeUnknown.selector, 0));
        refused(titles, surrenderFor(1, ROOT), because(IActs.ActMalformed.selector));
    }

    function test_only_the_named_party_surrenders() public {
        live(consignee.id);
        bytes memory reason = because(ITitles.NotTheParty.selector, TITLE, shipper.id, consignee.id);
        refused(titles, surrender(shipper), reason);
        handOver(shipper, consignee, Capacity.HOLDER, Endorsement.NONE);
        done(titles, surrender(consignee));
    }

    function test_only_the_consignee_of_a_straight_title_surrenders() public {
        issued(TitleKind.STRAIGHT, consignee.id);
        done(titles, answer(TitlesVerbs.ACCEPT, shipper));
        bytes memory reason = because(ITitles.NotTheParty.selector, TITLE, shipper.id, consignee.id);
        refused(titles, surrender(shipper), reason);
        handOver(shipper, consignee, Capacity.HOLDER, Endorsement.NONE);
        done(titles, surrender(consignee));
    }

    function test_an_issued_title_is_not_surrendered() public {
        issued(TitleKind.ORDER, 0);
        bytes memory reason = because(IActs.WrongState.selector, TITLE, bytes32(TitleState.ISSUED));
        refused(titles, surrender(carrier), reason);
    }

    function issueTo(bytes32 holder, uint256 loading, uint256 discharge, uint256 ahead) private returns (bytes memory) {
        bytes memory own =
            abi.encode(TitleKind.ORDER, bytes32(0), holder, block.timestamp + ahead, loading, discharge, ROOT);
        return made(titles, TitlesVerbs.ISSUE, carrier, TITLE, 0, own);
    }

    function surrenderFor(uint256 purpose, bytes32 amended) private returns (bytes memory) {
        bytes memory own = abi.encode(purpose, ROOT, amended, block.timestamp + 1 days);
        return made(titles, TitlesVerbs.SURRENDER, shipper, TITLE, titles.titleOf(TITLE).counter, own);
    }

    function deadlineRefused(uint256 ahead) private view returns (bytes memory) {
        return because(ITitles.DeadlineOutOfRange.selector, bytes32(block.timestamp + ahead));
    }
}
