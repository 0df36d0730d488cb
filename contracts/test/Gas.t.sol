// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MembershipVerbs, TitlesVerbs} from "../src/generated/Verbs.sol";
import {Capacity, Endorsement, KeyPurpose, Role, SurrenderPurpose, TitleKind} from "../src/generated/Words.sol";
import {IActs} from "../src/interfaces/IActs.sol";
import {Member} from "./Consortium.sol";
import {TitleActs} from "./TitleActs.sol";
import {Vm} from "./Vm.sol";

/// @dev What an act costs alone in its transaction, the 21,000 and calldata included, in its worst case: relayed by a
/// member that has nothing else to do with it, its members' ties in different words, every look-up made.
/// forge-config: default.isolate = true
contract GasTest is TitleActs {
    uint256 private constant FILLERS = 60;
    address private constant RELAY_KEY = address(0xbea5);

    function setUp() public override {
        super.setUp();
        // Ten members share a word of ties: the shipper stays with the first ones, the rest get words of their own.
        for (uint256 i = 0; i < FILLERS; i++) {
            _admit(trader(i), Role.BANK | Role.CARRIER);
        }
        bank = trader(15);
        consignee = trader(25);
        buyer = trader(35);
        bytes memory own = abi.encode(uint256(uint160(RELAY_KEY)), KeyPurpose.RELAY, block.timestamp, 0);
        done(membership, made(membership, MembershipVerbs.ADD_KEY, terminal, terminal.id, 1, own));
    }

    // Each verb alone

    function test_an_issue_with_its_first_offer_costs_at_most_150_000_gas() public {
        atMost("an issue with its first offer", issue(TITLE, TitleKind.ORDER, consignee.id), 150_000);
    }

    function test_an_offer_costs_at_most_100_000_gas() public {
        live(shipper.id);
        atMost("an offer", offer(shipper, consignee.id, Capacity.HOLDER, Endorsement.NAMED), 100_000);
    }

    function test_an_offer_by_an_enforcing_pledgee_costs_at_most_100_000_gas() public {
        pledged();
        enforceable();
        atMost("an offer by an enforcing pledgee", offer(bank, buyer.id, Capacity.HOLDER, Endorsement.NAMED), 100_000);
    }

    function test_an_acceptance_costs_at_most_100_000_gas() public {
        live(0);
        done(titles, offer(shipper, consignee.id, Capacity.HOLDER, Endorsement.NAMED));
        atMost("an acceptance", answer(TitlesVerbs.ACCEPT, consignee), 100_000);
    }

    function test_the_acceptance_of_a_pledge_costs_at_most_100_000_gas() public {
        live(0);
        done(titles, offer(shipper, bank.id, Capacity.PLEDGEE, Endorsement.NONE));
        atMost("the acceptance of a pledge", answer(TitlesVerbs.ACCEPT, bank), 100_000);
    }

    function test_the_acceptance_of_a_sale_by_the_pledgee_costs_at_most_100_000_gas() public {
        pledged();
        enforceable();
        done(titles, offer(bank, buyer.id, Capacity.HOLDER, Endorsement.NAMED));
        atMost("the acceptance of a sale by the pledgee", answer(TitlesVerbs.ACCEPT, buyer), 100_000);
    }

    function test_the_acceptance_of_a_surrender_costs_at_most_100_000_gas() public {
        live(0);
        done(titles, surrenderFor(shipper, SurrenderPurpose.PAPER, 0));
        atMost("the acceptance of a surrender", answer(TitlesVerbs.ACCEPT, carrier), 100_000);
    }

    function test_a_decline_and_a_withdrawal_cost_at_most_100_000_gas() public {
        live(0);
        done(titles, surrenderFor(shipper, SurrenderPurpose.DELIVERY, 0));
        atMost("a decline of a surrender", answer(TitlesVerbs.DECLINE, carrier), 100_000);
        done(titles, surrenderFor(shipper, SurrenderPurpose.DELIVERY, 0));
        atMost("a withdrawal", answer(TitlesVerbs.WITHDRAW, shipper), 100_000);
    }

    function test_a_surrender_for_any_purpose_costs_at_most_100_000_gas() public {
        live(shipper.id);
        for (uint256 purpose = 1; purpose <= SurrenderPurpose.LAST; purpose++) {
            atMost(
                string.concat("a surrender for purpose ", vm.toString(purpose)),
                surrenderFor(shipper, purpose, purpose == SurrenderPurpose.AMENDMENT ? AMENDED : bytes32(0)),
                100_000
            );
            done(titles, answer(TitlesVerbs.DECLINE, carrier));
        }
    }

    function test_an_amendment_and_the_consent_to_it_cost_at_most_100_000_gas() public {
        pledged();
        bytes32 digest = amending();
        atMost("the consent to an amendment", consent(bank, digest), 100_000);
        succeeded(trader(45));
        atMost("an amendment", amend(trader(45), digest), 100_000);
    }

    function test_what_a_pledgee_does_costs_at_most_100_000_gas() public {
        pledged();
        atMost("a recorded default", recordDefault(bank), 100_000);
        atMost("the release of a pledge", releasePledge(bank), 100_000);
    }

    function test_a_return_from_paper_costs_at_most_100_000_gas() public {
        live(0);
        inPaper();
        atMost("a return from paper", returnFromPaper(carrier, consignee.id), 100_000);
        atMost("the acceptance out of paper", answer(TitlesVerbs.ACCEPT, consignee), 100_000);
    }

    function test_a_void_costs_at_most_100_000_gas() public {
        issued(TitleKind.ORDER, 0);
        atMost("a void", voidTitle(carrier), 100_000);
    }

    /// @dev The confirmation is the dearest verb: the holder before, the next one and the pledgee whose lien ends have
    /// their ties in three words here. With two of them in one word it stays below 97,000.
    function test_what_authorities_do_costs_at_most_100_000_gas() public {
        pledged();
        atMost("a freeze", freeze(customs, ORDER), 100_000);
        vm.warp(block.timestamp + TRANSFER);
        bytes memory proposal = propose(customs, consignee.id, 1);
        atMost("a proposed transfer", proposal, 100_000);
        atMost("a confirmed transfer", confirm(regulator, digestOf(proposal)), 100_000);
        atMost("a lift", lift(customs), 100_000);
    }

    // A second version

    function test_carried_over_by_an_offer_a_title_costs_at_most_130_000_gas() public {
        live(shipper.id);
        nextVersion();
        atMost("carry-over, an offer", offer(shipper, consignee.id, Capacity.HOLDER, Endorsement.NAMED), 130_000);
    }

    function test_carried_over_by_an_enforcing_pledgees_offer_a_title_costs_at_most_130_000_gas() public {
        pledged();
        enforceable();
        nextVersion();
        atMost(
            "carry-over, an enforcing pledgee's offer",
            offer(bank, buyer.id, Capacity.HOLDER, Endorsement.NAMED),
            130_000
        );
    }

    function test_carried_over_by_a_surrender_a_title_costs_at_most_130_000_gas() public {
        live(shipper.id);
        nextVersion();
        atMost("carry-over, a surrender", surrenderFor(shipper, SurrenderPurpose.AMENDMENT, AMENDED), 130_000);
    }

    function test_carried_over_by_a_pledgee_a_title_costs_at_most_130_000_gas() public {
        pledged();
        nextVersion();
        atMost("carry-over, a recorded default", recordDefault(bank), 130_000);
    }

    function test_carried_over_by_the_release_of_its_pledge_a_title_costs_at_most_130_000_gas() public {
        pledged();
        nextVersion();
        atMost("carry-over, the release of its pledge", releasePledge(bank), 130_000);
    }

    function test_carried_over_by_a_return_from_paper_a_title_costs_at_most_130_000_gas() public {
        live(0);
        inPaper();
        nextVersion();
        atMost("carry-over, a return from paper", returnFromPaper(carrier, consignee.id), 130_000);
    }

    function test_carried_over_by_its_void_a_title_costs_at_most_130_000_gas() public {
        issued(TitleKind.ORDER, 0);
        nextVersion();
        atMost("carry-over, its void", voidTitle(carrier), 130_000);
    }

    function test_carried_over_by_a_freeze_a_title_costs_at_most_130_000_gas() public {
        live(0);
        nextVersion();
        atMost("carry-over, a freeze", freeze(customs, ORDER), 130_000);
    }

    function test_carried_over_by_a_lift_a_title_costs_at_most_130_000_gas() public {
        live(0);
        frozen();
        nextVersion();
        atMost("carry-over, a lift", lift(customs), 130_000);
    }

    function test_carried_over_by_a_proposed_transfer_a_title_costs_at_most_130_000_gas() public {
        live(0);
        frozen();
        vm.warp(block.timestamp + TRANSFER);
        nextVersion();
        atMost("carry-over, a proposed transfer", propose(customs, consignee.id, 1), 130_000);
    }

    function test_an_issue_in_a_second_version_costs_at_most_150_000_gas() public {
        nextVersion();
        atMost("an issue in a second version", issue(TITLE, TitleKind.ORDER, consignee.id), 150_000);
    }

    // Batches of 50

    function test_hand_overs_of_one_pair_in_batches_cost_at_most_60_000_gas_a_title() public {
        same(handOvers(false) / 60_001, 0, "over 60,000");
    }

    function test_hand_overs_of_fifty_holders_in_batches_cost_at_most_70_000_gas_a_title() public {
        same(handOvers(true) / 70_001, 0, "over 70,000");
    }

    function atMost(string memory name, bytes memory made_, uint256 most) private {
        uint256 used = costOf(framed(made_));
        vm.snapshotValue("Titles", name, used);
        holds(used <= most, vm.toString(used));
    }

    /// @dev In isolation a call from the test is a transaction of its own, with cold storage and intrinsic gas.
    function costOf(bytes memory batch) private returns (uint256 used) {
        vm.prank(RELAY_KEY);
        vm.recordLogs();
        titles.submit(batch);
        used = vm.lastCallGas().gasTotalUsed;
        Vm.Log[] memory logs = vm.getRecordedLogs();
        note(logs);
        acts(logs);
        holds(used > 50_000, "not isolated");
    }

    function acts(Vm.Log[] memory logs) private {
        for (uint256 i = 0; i < logs.length; i++) {
            if (logs[i].topics[0] != IActs.Refused.selector) continue;
            (, bytes memory reason) = abi.decode(logs[i].data, (uint256, bytes));
            emit Why(i, reason);
            revert("refused");
        }
    }

    event Why(uint256 act, bytes reason);

    /// @dev Gas of the offers and the acceptances of 50 titles, a title.
    function handOvers(bool mixed) private returns (uint256 gas) {
        bytes memory offers;
        bytes memory answers;
        for (uint256 i = 0; i < 50; i++) {
            bytes32 title = keccak256(abi.encode(i));
            Member memory from = mixed ? trader(i) : consignee;
            Member memory to = mixed ? trader((i + 1) % 50) : bank;
            bytes memory own = abi.encode(TitleKind.ORDER, 0, from.id, block.timestamp + 1 days, PORT, PORT, ROOT);
            bytes memory first = made(titles, TitlesVerbs.ISSUE, carrier, title, 0, own);
            done(titles, first);
            done(titles, made(titles, TitlesVerbs.ACCEPT, from, title, 1, abi.encode(digestOf(first), ROOT)));
            own = abi.encode(to.id, Capacity.HOLDER, Endorsement.BLANK, block.timestamp + 1 days, ROOT);
            bytes memory second = made(titles, TitlesVerbs.OFFER, from, title, 2, own);
            offers = bytes.concat(offers, framed(second));
            own = abi.encode(digestOf(second), ROOT);
            answers = bytes.concat(answers, framed(made(titles, TitlesVerbs.ACCEPT, to, title, 3, own)));
        }
        gas = costOf(offers);
        gas = (gas + costOf(answers)) / 50;
        for (uint256 i = 0; i < 50; i++) {
            same(titles.titleOf(keccak256(abi.encode(i))).counter, 4, "handed over");
        }
        vm.snapshotValue("Titles", mixed ? "a hand-over among fifty" : "a hand-over of fifty", gas);
    }

    function trader(uint256 i) private pure returns (Member memory) {
        return Member(keccak256(abi.encode("trader", i)), 0x1000 + i);
    }
}
