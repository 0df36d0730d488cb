// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Titles} from "../src/Titles.sol";
import {TitlesVerbs} from "../src/generated/Verbs.sol";
import {Capacity, Endorsement, FreezeStage, SurrenderPurpose, TitleKind, TitleState} from "../src/generated/Words.sol";
import {IActs} from "../src/interfaces/IActs.sol";
import {ITitles} from "../src/interfaces/ITitles.sol";
import {TitleActs} from "./TitleActs.sol";

/// @dev A second and a third version of Titles, put in force while acts arrive.
contract TitleVersionsTest is TitleActs {
    function test_live_titles_are_conserved_across_versions() public {
        for (uint256 i = 0; i < 6; i++) {
            done(titles, issue(bytes32(i), TitleKind.ORDER, 0));
            if (i % 2 == 0) accepted(bytes32(i));
        }
        uint256 before = alive();
        Titles earlier = nextVersion();
        same(alive(), before, "live titles");
        // Acts for the earlier one keep arriving, and are turned away whole.
        bytes memory own = abi.encode(bank.id, Capacity.HOLDER, Endorsement.NONE, block.timestamp + 1 days, ROOT);
        bytes memory late = framed(made(earlier, TitlesVerbs.OFFER, shipper, bytes32(0), 2, own));
        vm.expectRevert(IActs.ContractClosed.selector);
        vm.prank(RELAYER);
        earlier.submit(late);
        for (uint256 i = 0; i < 6; i += 2) {
            bytes memory first = made(titles, TitlesVerbs.OFFER, shipper, bytes32(i), 2, own);
            done(titles, first);
            bytes memory second = abi.encode(digestOf(first), ROOT);
            done(titles, made(titles, TitlesVerbs.ACCEPT, bank, bytes32(i), 3, second));
            same(titles.titleOf(bytes32(i)).holder, bank.id, "here");
            same(earlier.titleOf(bytes32(i)).holder, shipper.id, "there it rests");
        }
        same(alive(), before, "live titles");
        same(titles.tiesOf(numberOf(carrier)), 6, "carrier's ties");
        same(titles.tiesOf(numberOf(shipper)), 0, "shipper's ties");
        same(titles.tiesOf(numberOf(bank)), 3, "bank's ties");
        nextVersion();
        same(alive(), before, "live titles");
        same(titles.tiesOf(numberOf(bank)), 3, "bank's ties");
    }

    function test_an_act_signed_for_one_version_is_refused_by_the_next() public {
        live(0);
        bytes memory act_ = offer(shipper, consignee.id, Capacity.HOLDER, Endorsement.NONE);
        nextVersion();
        bytes memory batch = framed(act_);
        vm.recordLogs();
        vm.prank(RELAYER);
        titles.submit(batch);
        same(vm.getRecordedLogs()[0].topics[0], IActs.Refused.selector, "another domain");
    }

    function test_open_offers_lapse_with_a_version_and_the_title_stays() public {
        live(0);
        done(titles, offer(shipper, consignee.id, Capacity.HOLDER, Endorsement.NONE));
        nextVersion();
        ITitles.TitleView memory t = titles.titleOf(TITLE);
        same(t.offer, 0, "offer");
        same(t.counterparty, 0, "counterparty");
        same(t.deadline, 0, "deadline");
        same(t.counter, 3, "counter");
        same(t.root, ROOT, "root");
        same(titles.controllerOf(TITLE), shipper.id, "controller");
        refused(titles, answer(TitlesVerbs.ACCEPT, consignee), because(ITitles.NoOpenOffer.selector, TITLE));
    }

    function test_a_bill_is_issued_once_across_versions() public {
        live(0);
        nextVersion();
        refused(titles, issue(TITLE, TitleKind.ORDER, 0), because(ITitles.TitleExists.selector, TITLE));
        nextVersion();
        refused(titles, issue(TITLE, TitleKind.ORDER, 0), because(ITitles.TitleExists.selector, TITLE));
        done(titles, issue(keccak256("another"), TitleKind.ORDER, 0));
    }

    function test_freezes_and_used_orders_are_carried_over() public {
        live(0);
        frozen();
        done(titles, freeze(customs, bytes32(uint256(1))));
        done(titles, lift(customs));
        nextVersion();
        same(titles.titleOf(TITLE).freezes, 1, "freezes");
        refused(titles, freeze(customs, ORDER), because(ITitles.OrderUsed.selector, TITLE, ORDER));
        bytes memory reason = because(ITitles.TitleFrozen.selector, TITLE);
        refused(titles, offer(shipper, consignee.id, Capacity.HOLDER, Endorsement.NONE), reason);
        bytes memory own = abi.encode(PORT, bytes32(uint256(1)));
        done(titles, made(titles, TitlesVerbs.LIFT, customs, TITLE, 0, own));
        done(titles, offer(shipper, consignee.id, Capacity.HOLDER, Endorsement.NONE));
    }

    function test_a_proposed_transfer_lapses_with_a_version_and_is_proposed_again() public {
        live(0);
        bytes32 digest = proposed(consignee.id, 0);
        nextVersion();
        same(titles.legalOrderOf(TITLE, ORDER).stage, FreezeStage.FROZEN, "stage");
        bytes memory reason = because(ITitles.ProposalMismatch.selector, TITLE, ORDER, digest);
        refused(titles, confirm(regulator, digest), reason);
        bytes memory proposal = propose(regulator, consignee.id, 0);
        done(titles, proposal);
        done(titles, confirm(customs, digestOf(proposal)));
        nextVersion();
        same(titles.legalOrderOf(TITLE, ORDER).stage, FreezeStage.TRANSFERRED, "stage");
        reason = because(ITitles.OrderUsed.selector, TITLE, ORDER);
        refused(titles, propose(regulator, buyer.id, 0), reason);
    }

    function test_a_recorded_default_is_carried_over() public {
        pledged();
        enforceable();
        uint256 from = titles.titleOf(TITLE).enforceableFrom;
        nextVersion();
        same(titles.titleOf(TITLE).enforceableFrom, from, "enforceable");
        nextVersion();
        handOver(bank, buyer, Capacity.HOLDER, Endorsement.NAMED);
        same(titles.titleOf(TITLE).holder, buyer.id, "holder");
        same(titles.tiesOf(numberOf(bank)), 0, "ties");
    }

    function test_a_default_recorded_in_a_later_version_waits_as_any_other() public {
        pledged();
        same(titles.enforceableFrom(TITLE), 0, "no default");
        nextVersion();
        done(titles, recordDefault(bank));
        same(titles.enforceableFrom(TITLE), block.timestamp + ENFORCEMENT, "waits");
    }

    function test_an_amended_root_is_carried_over() public {
        live(0);
        done(titles, amend(carrier, amending()));
        nextVersion();
        same(titles.rootOf(TITLE), AMENDED, "root");
        done(titles, surrenderFor(shipper, SurrenderPurpose.DELIVERY, 0));
        nextVersion();
        same(titles.titleOf(TITLE).root, AMENDED, "root");
        same(titles.titleOf(TITLE).version, 2, "version");
    }

    function test_a_surrendered_title_is_settled_in_the_version_in_force() public {
        surrendered();
        Titles earlier = nextVersion();
        vm.expectRevert(IActs.ContractClosed.selector);
        vm.prank(address(releases));
        earlier.settle(TITLE, 0, TitleState.DELIVERED);
        same(titles.deliveryFacts(TITLE).state, TitleState.SURRENDERED, "state");
        vm.prank(address(releases));
        titles.settle(TITLE, 0, TitleState.DELIVERED);
        same(titles.titleOf(TITLE).state, TitleState.DELIVERED, "state");
        same(titles.tiesOf(numberOf(carrier)), 0, "ties");
    }

    function accepted(bytes32 title) private {
        bytes memory own = abi.encode(offerNamed(title), ROOT);
        done(titles, made(titles, TitlesVerbs.ACCEPT, shipper, title, 1, own));
    }

    function alive() private view returns (uint256 count) {
        for (uint256 i = 0; i < 6; i++) {
            if (titles.titleOf(bytes32(i)).state == TitleState.LIVE) count++;
        }
    }
}
