// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MembershipVerbs, TitlesVerbs} from "../src/generated/Verbs.sol";
import {Capacity, Endorsement, SurrenderPurpose, TitleState} from "../src/generated/Words.sol";
import {IActs} from "../src/interfaces/IActs.sol";
import {ITitles} from "../src/interfaces/ITitles.sol";
import {Member} from "./Consortium.sol";
import {TitleActs} from "./TitleActs.sol";

/// @dev Default, enforcement and the end of a lien; and the ties that keep members.
contract TitleLiensTest is TitleActs {
    function test_a_recorded_default_can_be_enforced_after_the_rulebooks_waiting_time() public {
        pledged();
        done(titles, recordDefault(bank));
        same(titles.titleOf(TITLE).enforceableFrom, START + ENFORCEMENT, "enforceable");
        vm.warp(START + ENFORCEMENT - 1);
        refused(titles, sale(buyer), because(ITitles.TitlePledged.selector, TITLE));
        refused(titles, surrender(bank), because(ITitles.TitlePledged.selector, TITLE));
        vm.warp(START + ENFORCEMENT);
        done(titles, sale(buyer));
    }

    function test_a_default_is_recorded_once_and_by_the_pledgee() public {
        live(0);
        refused(titles, recordDefault(bank), because(ITitles.NotThePledgee.selector, TITLE, bank.id, 0));
        handOver(shipper, bank, Capacity.PLEDGEE, Endorsement.NONE);
        refused(titles, recordDefault(shipper), because(ITitles.NotThePledgee.selector, TITLE, shipper.id, bank.id));
        bytes memory stale = recordDefault(bank);
        done(titles, recordDefault(bank));
        refused(titles, recordDefault(bank), because(ITitles.DefaultRecorded.selector, TITLE));
        refused(titles, stale, because(IActs.StaleCounter.selector, TITLE, bytes32(uint256(5)), bytes32(uint256(4))));
    }

    function test_a_straight_title_knows_no_default() public {
        straight();
        bytes memory reason = because(IActs.WrongState.selector, TITLE, bytes32(TitleState.LIVE));
        refused(titles, recordDefault(bank), reason);
        refused(titles, releasePledge(bank), reason);
    }

    function test_an_enforcing_pledgee_sells_and_the_lien_ends_when_the_buyer_accepts() public {
        pledged();
        enforceable();
        done(titles, sale(buyer));
        same(titles.titleOf(TITLE).pledgee, bank.id, "no move before acceptance");
        done(titles, answer(TitlesVerbs.ACCEPT, buyer));
        same(titles.titleOf(TITLE).holder, buyer.id, "holder");
        same(titles.titleOf(TITLE).pledgee, 0, "pledgee");
        same(titles.titleOf(TITLE).enforceableFrom, 0, "enforceable");
        same(titles.titleOf(TITLE).party, buyer.id, "party");
    }

    function test_an_enforcing_pledgee_endorses_in_the_holders_stead() public {
        live(shipper.id);
        handOver(shipper, bank, Capacity.PLEDGEE, Endorsement.NONE);
        enforceable();
        bytes memory reason = because(ITitles.EndorsementRefused.selector, TITLE, 0);
        refused(titles, offer(bank, buyer.id, Capacity.HOLDER, Endorsement.NONE), reason);
        done(titles, sale(buyer));
    }

    function test_an_enforcing_pledgee_sells_a_title_made_out_to_another_to_that_one_alone() public {
        live(consignee.id);
        handOver(shipper, bank, Capacity.PLEDGEE, Endorsement.NONE);
        enforceable();
        bytes memory reason = because(ITitles.NotTheParty.selector, TITLE, buyer.id, consignee.id);
        refused(titles, offer(bank, buyer.id, Capacity.HOLDER, Endorsement.NONE), reason);
        handOver(bank, consignee, Capacity.HOLDER, Endorsement.NONE);
        same(titles.titleOf(TITLE).pledgee, 0, "pledgee");
    }

    function test_a_pledgee_never_becomes_owner() public {
        pledged();
        enforceable();
        refused(titles, sale(bank), because(ITitles.OfferToSelf.selector, TITLE));
        bytes memory act_ = offer(bank, buyer.id, Capacity.PLEDGEE, Endorsement.NONE);
        refused(titles, act_, because(ITitles.CapacityUnknown.selector, bytes32(Capacity.PLEDGEE)));
    }

    function test_nothing_moves_past_a_pledgee() public {
        pledged();
        bytes memory reason = because(ITitles.TitlePledged.selector, TITLE);
        refused(titles, offer(shipper, consignee.id, Capacity.HOLDER, Endorsement.NONE), reason);
        refused(titles, offer(shipper, buyer.id, Capacity.PLEDGEE, Endorsement.NONE), reason);
        refused(titles, surrender(shipper), reason);
        refused(titles, surrenderFor(shipper, SurrenderPurpose.PAPER, 0), reason);
        enforceable();
        refused(titles, surrender(shipper), reason);
        refused(titles, surrenderFor(bank, SurrenderPurpose.PAPER, 0), purposeUnknown(SurrenderPurpose.PAPER));
        bytes memory act_ = surrenderFor(bank, SurrenderPurpose.AMENDMENT, AMENDED);
        refused(titles, act_, purposeUnknown(SurrenderPurpose.AMENDMENT));
    }

    function test_an_enforcing_pledgee_surrenders_for_delivery_whoever_the_party_is() public {
        live(consignee.id);
        handOver(shipper, bank, Capacity.PLEDGEE, Endorsement.NONE);
        enforceable();
        done(titles, surrender(bank));
        done(titles, answer(TitlesVerbs.ACCEPT, carrier));
        same(titles.titleOf(TITLE).pledgee, bank.id, "the lien stays recorded");
        same(titles.deliveryFacts(TITLE).entitled, numberOf(bank), "entitled");
    }

    function test_the_release_of_a_pledge_ends_the_pledgees_offer() public {
        pledged();
        enforceable();
        done(titles, sale(buyer));
        done(titles, releasePledge(bank));
        same(titles.titleOf(TITLE).offer, 0, "offer");
        same(titles.titleOf(TITLE).enforceableFrom, 0, "enforceable");
        same(titles.controllerOf(TITLE), shipper.id, "controller");
    }

    function test_the_release_of_a_pledge_leaves_the_holders_amendment_open() public {
        pledged();
        bytes32 digest = amending();
        done(titles, releasePledge(bank));
        done(titles, amend(carrier, digest));
    }

    function test_after_a_default_nothing_but_the_pledgee_touches_the_title() public {
        pledged();
        amending();
        done(titles, recordDefault(bank));
        same(titles.titleOf(TITLE).offer, 0, "the amendment ended");
        bytes memory act_ = surrenderFor(shipper, SurrenderPurpose.AMENDMENT, AMENDED);
        refused(titles, act_, because(ITitles.DefaultRecorded.selector, TITLE));
    }

    function test_a_second_lien_has_a_waiting_time_of_its_own() public {
        pledged();
        enforceable();
        done(titles, releasePledge(bank));
        handOver(shipper, bank, Capacity.PLEDGEE, Endorsement.NONE);
        refused(titles, sale(buyer), because(ITitles.TitlePledged.selector, TITLE));
        done(titles, recordDefault(bank));
        refused(titles, sale(buyer), because(ITitles.TitlePledged.selector, TITLE));
    }

    // Suspension

    function test_what_a_suspended_member_offered_is_not_accepted() public {
        live(0);
        done(titles, offer(shipper, consignee.id, Capacity.HOLDER, Endorsement.NONE));
        suspend(shipper);
        bytes memory reason = because(IActs.MemberNotActive.selector, shipper.id);
        refused(titles, answer(TitlesVerbs.ACCEPT, consignee), reason);
        refused(titles, answer(TitlesVerbs.WITHDRAW, shipper), reason);
        done(titles, answer(TitlesVerbs.DECLINE, consignee));
    }

    function test_nothing_is_offered_to_a_suspended_member_and_its_lien_stands() public {
        pledged();
        suspend(bank);
        refused(titles, releasePledge(bank), because(IActs.MemberNotActive.selector, bank.id));
        refused(titles, surrender(shipper), because(ITitles.TitlePledged.selector, TITLE));
        same(titles.titleOf(TITLE).pledgee, bank.id, "pledgee");
        issuedTo(keccak256("another"), bank.id, because(IActs.MemberNotActive.selector, bank.id));
    }

    // Delegation

    function test_a_delegate_acts_for_the_principal_and_the_event_shows_its_key() public {
        live(0);
        bytes memory own = abi.encode(consignee.id, uint256(1) << TitlesVerbs.OFFER, TITLE, block.timestamp + 1 days);
        bytes memory given = made(membership, MembershipVerbs.DELEGATE, shipper, shipper.id, 1, own);
        done(membership, given);
        own = abi.encode(bank.id, Capacity.HOLDER, Endorsement.NONE, block.timestamp + 1 days, ROOT);
        delegation = membership.digestOf(given);
        done(titles, signed(titles, TitlesVerbs.OFFER, shipper, consignee.key, TITLE, 2, own));
        delegation = membership.digestOf(given);
        bytes memory freeze_ = made(titles, TitlesVerbs.FREEZE, shipper, TITLE, 0, abi.encode(PORT, ORDER));
        refused(titles, freeze_, because(IActs.VerbNotDelegable.selector, bytes32(TitlesVerbs.FREEZE)));
    }

    // Ties

    function test_a_members_ties_are_the_titles_it_issued_holds_or_has_a_lien_on_that_live() public {
        ties(0, 0, 0);
        issued(2, 0);
        ties(1, 0, 0);
        done(titles, answer(TitlesVerbs.ACCEPT, shipper));
        ties(1, 1, 0);
        handOver(shipper, bank, Capacity.PLEDGEE, Endorsement.NONE);
        ties(1, 1, 1);
        done(titles, releasePledge(bank));
        ties(1, 1, 0);
        handOver(shipper, bank, Capacity.HOLDER, Endorsement.NONE);
        ties(1, 0, 1);
        done(titles, surrender(bank));
        done(titles, answer(TitlesVerbs.ACCEPT, carrier));
        ties(1, 0, 1);
        vm.prank(address(releases));
        titles.settle(TITLE, 0, TitleState.DELIVERED);
        ties(0, 0, 0);
    }

    function test_a_title_in_paper_or_void_ties_nobody() public {
        issued(2, 0);
        done(titles, voidTitle(carrier));
        ties(0, 0, 0);
        done(titles, issueAs(keccak256("another")));
        ties(1, 0, 0);
    }

    function test_a_title_in_paper_ties_nobody_until_it_comes_back() public {
        live(0);
        inPaper();
        ties(0, 0, 0);
        done(titles, returnFromPaper(carrier, shipper.id));
        done(titles, answer(TitlesVerbs.ACCEPT, shipper));
        ties(1, 1, 0);
    }

    function ties(uint256 carriers, uint256 shippers, uint256 banks) private view {
        same(titles.tiesOf(numberOf(carrier)), carriers, "carrier");
        same(titles.tiesOf(0), 0, "nobody");
        same(titles.tiesOf(numberOf(shipper)), shippers, "shipper");
        same(titles.tiesOf(numberOf(bank)), banks, "bank");
    }

    function sale(Member memory to) private returns (bytes memory) {
        return offer(bank, to.id, Capacity.HOLDER, Endorsement.NAMED);
    }

    function issueAs(bytes32 title) private returns (bytes memory) {
        return issue(title, 2, 0);
    }

    function issuedTo(bytes32 title, bytes32 to, bytes memory reason) private {
        bytes memory own = abi.encode(2, 0, to, block.timestamp + 1 days, PORT, PORT, ROOT);
        refused(titles, made(titles, TitlesVerbs.ISSUE, carrier, title, 0, own), reason);
    }

    function purposeUnknown(uint256 purpose) private pure returns (bytes memory) {
        return because(IActs.PurposeUnknown.selector, bytes32(purpose));
    }
}
