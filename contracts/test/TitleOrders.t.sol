// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MembershipVerbs, TitlesVerbs} from "../src/generated/Verbs.sol";
import {Capacity, Endorsement, FreezeStage, Role, SurrenderPurpose, TitleKind} from "../src/generated/Words.sol";
import {IActs} from "../src/interfaces/IActs.sol";
import {ITitles} from "../src/interfaces/ITitles.sol";
import {Member} from "./Consortium.sol";
import {TitleActs} from "./TitleActs.sol";

/// @dev What authorities do to a title under an order, and what they cannot.
contract TitleOrdersTest is TitleActs {
    // Freeze and lift

    function test_nothing_moves_while_a_freeze_stands() public {
        pledged();
        frozen();
        bytes memory reason = because(ITitles.TitleFrozen.selector, TITLE);
        refused(titles, offer(shipper, consignee.id, Capacity.HOLDER, Endorsement.NONE), reason);
        refused(titles, surrender(shipper), reason);
        refused(titles, releasePledge(bank), reason);
        refused(titles, recordDefault(bank), reason);
        done(titles, lift(customs));
        done(titles, releasePledge(bank));
    }

    function test_an_open_offer_is_not_accepted_while_frozen_and_may_be_declined_or_withdrawn() public {
        issued(TitleKind.ORDER, 0);
        frozen();
        bytes memory reason = because(ITitles.TitleFrozen.selector, TITLE);
        refused(titles, answer(TitlesVerbs.ACCEPT, shipper), reason);
        refused(titles, voidTitle(carrier), reason);
        done(titles, answer(TitlesVerbs.DECLINE, shipper));
        done(titles, lift(customs));
        done(titles, offer(carrier, shipper.id, Capacity.HOLDER, Endorsement.NONE));
        done(titles, freeze(customs, keccak256("second order")));
        done(titles, answer(TitlesVerbs.WITHDRAW, carrier));
    }

    function test_a_holder_acting_in_every_block_cannot_keep_a_freeze_out() public {
        live(0);
        bytes memory order = freeze(customs, ORDER);
        done(titles, offer(shipper, consignee.id, Capacity.HOLDER, Endorsement.NONE));
        done(titles, answer(TitlesVerbs.WITHDRAW, shipper));
        done(titles, order);
        same(titles.titleOf(TITLE).freezes, 1, "freezes");
        same(titles.titleOf(TITLE).counter, 5, "counted as any act");
    }

    function test_an_act_of_authority_names_no_counter() public {
        live(0);
        bytes memory act_ = act(TitlesVerbs.FREEZE, customs, abi.encode(PORT, ORDER));
        refused(titles, act_, because(IActs.StaleCounter.selector, TITLE, 0, bytes32(uint256(2))));
    }

    function test_an_order_freezes_a_title_once() public {
        live(0);
        frozen();
        bytes memory reason = because(ITitles.OrderUsed.selector, TITLE, ORDER);
        refused(titles, freeze(regulator, ORDER), reason);
        done(titles, lift(customs));
        refused(titles, freeze(customs, ORDER), reason);
        refused(titles, lift(customs), because(ITitles.NotFrozenUnder.selector, TITLE, ORDER));
    }

    function test_only_an_authority_assigned_to_one_of_the_titles_ports_freezes() public {
        live(0);
        refused(titles, freeze(terminal, ORDER), notAssigned(PORT, terminal));
        bytes memory act_ = made(titles, TitlesVerbs.FREEZE, customs, TITLE, 0, abi.encode(8, ORDER));
        refused(titles, act_, notAssigned(8, customs));
        _assign(8, Role.CUSTOMS, customs);
        act_ = made(titles, TitlesVerbs.FREEZE, customs, TITLE, 0, abi.encode(8, ORDER));
        refused(titles, act_, notAssigned(8, customs));
        bytes memory own = abi.encode(TitleKind.ORDER, 0, shipper.id, block.timestamp + 1, 8, PORT, ROOT);
        done(titles, made(titles, TitlesVerbs.ISSUE, carrier, keccak256("another"), 0, own));
        own = abi.encode(8, ORDER);
        done(titles, made(titles, TitlesVerbs.FREEZE, customs, keccak256("another"), 0, own));
    }

    function test_only_the_authority_that_froze_lifts() public {
        live(0);
        refused(titles, lift(customs), because(ITitles.NotFrozenUnder.selector, TITLE, ORDER));
        frozen();
        bytes memory reason = because(ITitles.NotTheAuthority.selector, TITLE, regulator.id, customs.id);
        refused(titles, lift(regulator), reason);
    }

    function test_another_authority_lifts_a_freeze_once_who_made_it_is_assigned_to_neither_port() public {
        _assign(8, Role.CUSTOMS, customs);
        bytes memory own = abi.encode(TitleKind.ORDER, 0, shipper.id, block.timestamp + 1, 8, PORT, ROOT);
        done(titles, made(titles, TitlesVerbs.ISSUE, carrier, TITLE, 0, own));
        frozen();
        bytes memory reason = because(ITitles.NotTheAuthority.selector, TITLE, regulator.id, customs.id);
        unassign(PORT);
        refused(titles, lift(regulator), reason);
        unassign(8);
        refused(titles, lift(customs), notAssigned(PORT, customs));
        done(titles, lift(regulator));
        same(titles.titleOf(TITLE).freezes, 0, "freezes");
    }

    function test_at_most_fifteen_freezes_stand_and_each_is_lifted_alone() public {
        live(0);
        frozen();
        for (uint256 i = 1; i < 15; i++) {
            done(titles, freeze(customs, bytes32(i)));
        }
        refused(titles, freeze(customs, bytes32(uint256(15))), because(ITitles.TooManyFreezes.selector, TITLE));
        done(titles, lift(customs));
        same(titles.titleOf(TITLE).freezes, 14, "freezes");
        done(titles, freeze(customs, bytes32(uint256(15))));
    }

    // Transfer

    function test_two_authorities_move_a_title_that_was_frozen_for_the_waiting_time() public {
        pledged();
        bytes32 proposal = proposed(consignee.id, 0);
        done(titles, confirm(regulator, proposal));
        ITitles.TitleView memory t = titles.titleOf(TITLE);
        same(t.holder, consignee.id, "holder");
        same(t.pledgee, bank.id, "a lien ends only where the act says so");
        same(t.freezes, 1, "still frozen");
        same(t.party, 0, "blank stays blank");
        ITitles.LegalOrder memory order = titles.legalOrderOf(TITLE, ORDER);
        same(order.stage, FreezeStage.TRANSFERRED, "stage");
        same(order.by, numberOf(customs), "by");
        same(order.proposer, numberOf(customs), "proposer");
        same(order.to, numberOf(consignee), "to");
        same(order.proposal, uint168(uint256(keccak256(abi.encode(proposal)))), "proposal");
        done(titles, lift(customs));
        same(titles.legalOrderOf(TITLE, ORDER).stage, FreezeStage.LIFTED, "stage");
    }

    function test_a_transfer_ends_the_lien_where_it_says_so_and_makes_the_title_out_to_the_new_holder() public {
        live(shipper.id);
        handOver(shipper, bank, Capacity.PLEDGEE, Endorsement.NONE);
        done(titles, recordDefault(bank));
        done(titles, confirm(regulator, proposed(consignee.id, 1)));
        ITitles.TitleView memory t = titles.titleOf(TITLE);
        same(t.pledgee, 0, "pledgee");
        same(t.enforceableFrom, 0, "default");
        same(t.party, consignee.id, "party");
    }

    function test_a_transfer_ends_the_open_offer() public {
        live(0);
        done(titles, offer(shipper, buyer.id, Capacity.HOLDER, Endorsement.NONE));
        done(titles, confirm(regulator, proposed(consignee.id, 0)));
        same(titles.titleOf(TITLE).offer, 0, "offer");
    }

    function test_no_transfer_is_proposed_before_the_waiting_time_is_over() public {
        live(0);
        refused(titles, propose(customs, consignee.id, 0), because(ITitles.NotFrozenUnder.selector, TITLE, ORDER));
        frozen();
        uint256 from = START + TRANSFER;
        same(titles.legalOrderOf(TITLE, ORDER).transferableFrom, from, "from");
        vm.warp(from - 1);
        bytes memory reason = because(ITitles.TooEarly.selector, TITLE, bytes32(from));
        refused(titles, propose(regulator, consignee.id, 0), reason);
        vm.warp(from);
        done(titles, propose(regulator, consignee.id, 0));
        reason = because(ITitles.OrderUsed.selector, TITLE, ORDER);
        refused(titles, propose(customs, consignee.id, 0), reason);
    }

    function test_a_transfer_is_confirmed_by_a_second_authority_once_and_by_its_digest() public {
        live(0);
        frozen();
        refused(titles, confirm(regulator, ORDER), mismatch(ORDER));
        vm.warp(block.timestamp + TRANSFER);
        bytes memory proposal = propose(customs, consignee.id, 0);
        done(titles, proposal);
        bytes32 digest = digestOf(proposal);
        refused(titles, confirm(regulator, ORDER), mismatch(ORDER));
        refused(titles, confirm(customs, digest), because(ITitles.SecondAuthorityNeeded.selector, TITLE, customs.id));
        refused(titles, confirm(terminal, digest), notAssigned(PORT, terminal));
        done(titles, confirm(regulator, digest));
        refused(titles, confirm(regulator, digest), mismatch(digest));
        done(titles, lift(customs));
        refused(titles, confirm(regulator, digest), because(ITitles.NotFrozenUnder.selector, TITLE, ORDER));
    }

    function test_a_lifted_order_moves_nothing() public {
        live(0);
        bytes32 digest = proposed(consignee.id, 0);
        done(titles, lift(customs));
        refused(titles, confirm(regulator, digest), because(ITitles.NotFrozenUnder.selector, TITLE, ORDER));
    }

    function test_no_order_makes_a_pledgee_the_holder() public {
        pledged();
        frozen();
        vm.warp(block.timestamp + TRANSFER);
        bytes memory reason = because(ITitles.PledgeeNeverHolds.selector, TITLE, bank.id);
        refused(titles, propose(customs, bank.id, 1), reason);
    }

    function test_a_member_that_became_pledgee_after_the_proposal_does_not_become_holder() public {
        live(0);
        bytes32 digest = proposed(bank.id, 1);
        // Two freezes: the proposal stands under the first, the pledge comes in between by another order's transfer.
        vm.record();
        titles.controllerOf(TITLE);
        (bytes32[] memory reads,) = vm.accesses(address(titles));
        bytes32 word = vm.load(address(titles), reads[0]);
        vm.store(address(titles), reads[0], word | bytes32(numberOf(bank) << 168));
        refused(titles, confirm(regulator, digest), because(ITitles.PledgeeNeverHolds.selector, TITLE, bank.id));
    }

    function test_a_transfer_goes_to_an_active_member_and_says_whether_the_lien_ends() public {
        live(0);
        frozen();
        vm.warp(block.timestamp + TRANSFER);
        refused(titles, propose(customs, stranger.id, 0), because(IActs.MemberUnknown.selector, stranger.id));
        refused(titles, propose(customs, consignee.id, 2), because(IActs.ActMalformed.selector));
        bytes memory proposal = propose(customs, consignee.id, 0);
        done(titles, proposal);
        suspend(consignee);
        bytes memory act_ = confirm(regulator, digestOf(proposal));
        refused(titles, act_, because(IActs.MemberNotActive.selector, consignee.id));
    }

    function test_a_suspended_holders_title_moves_by_order() public {
        live(0);
        suspend(shipper);
        done(titles, confirm(regulator, proposed(consignee.id, 0)));
        same(titles.titleOf(TITLE).holder, consignee.id, "holder");
    }

    function test_a_surrendered_title_is_frozen_and_not_moved() public {
        surrendered();
        frozen();
        vm.warp(block.timestamp + TRANSFER);
        bytes memory reason = because(IActs.WrongState.selector, TITLE, bytes32(uint256(3)));
        refused(titles, propose(customs, consignee.id, 0), reason);
        done(titles, lift(customs));
    }

    function test_a_lapsed_surrender_leaves_the_title_to_the_order() public {
        live(0);
        done(titles, surrenderFor(shipper, SurrenderPurpose.PAPER, 0));
        done(titles, confirm(regulator, proposed(consignee.id, 0)));
        same(titles.controllerOf(TITLE), consignee.id, "controller");
    }

    function unassign(uint256 port) private {
        uint256 counter = membership.assignmentCounter(port, Role.CUSTOMS);
        bytes memory own = abi.encode(port, Role.CUSTOMS, customs.id, 0);
        carried(MembershipVerbs.ASSIGN_AUTHORITY, assignmentId(port, Role.CUSTOMS), counter, own);
    }

    function mismatch(bytes32 given) private pure returns (bytes memory) {
        return because(ITitles.ProposalMismatch.selector, TITLE, ORDER, given);
    }

    function notAssigned(uint256 port, Member memory member) private pure returns (bytes memory) {
        uint256 roles = Role.CUSTOMS | Role.REGULATOR;
        return because(IActs.NotAssigned.selector, bytes32(port), bytes32(roles), member.id);
    }
}
