// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Titles} from "../src/Titles.sol";
import {NetworkVerbs, ReleasesVerbs, TitlesVerbs} from "../src/generated/Verbs.sol";
import {ConditionKind, Direction, OrderState, Outcome, RightState, Role, TitleState} from "../src/generated/Words.sol";
import {Capacity, Endorsement, TitleKind} from "../src/generated/Words.sol";
import {IActs} from "../src/interfaces/IActs.sol";
import {IReleases} from "../src/interfaces/IReleases.sol";
import {ITitles} from "../src/interfaces/ITitles.sol";
import {Delivery} from "./Delivery.sol";

/// @dev One contract, several ways to the goods: each test tells one of them from beginning to end.
contract ReleasesPathsTest is Delivery {
    /// @dev 分箱提货: one container leaves today, the other waits for its truck.
    function test_partial_release_by_container() public {
        withTrucks();
        withDepot();
        ready();
        // The holder gives each container's right to another truck company.
        done(releases, transfer(shipper, truck));
        done(releases, accept(truck));
        bytes memory own = abi.encode(otherTruck.id, block.timestamp + 5 days);
        done(releases, onRight(ReleasesVerbs.TRANSFER_RIGHT, shipper, OTHER_BOX, own));
        own = abi.encode(rightOf(OTHER_BOX).offer);
        done(releases, onRight(ReleasesVerbs.ACCEPT_RIGHT, otherTruck, OTHER_BOX, own));
        // The first container leaves and comes back to a depot; the second is not touched by that.
        gone(BOX);
        vm.warp(block.timestamp + 2 days);
        bytes32 at_ = keccak256("depot lane");
        done(releases, passageOf(ReleasesVerbs.RETURN_EMPTY, BOX, depot, at_, 0xde, 1));
        done(releases, interchangeOf(BOX, Direction.IN, depot, at_, 0xde, 2));
        same(stateOf(BOX), RightState.RETURNED, "first container");
        same(stateOf(OTHER_BOX), RightState.READY, "second container");
        same(titles.titleOf(TITLE).state, TitleState.SURRENDERED, "title in between");
        // Customs takes its clearance back: the second stays, as the lane sees and records.
        done(releases, condition(customs, ConditionKind.CUSTOMS, 0));
        acted(releases, passage(ReleasesVerbs.GATE_OUT, OTHER_BOX), Outcome.RECORDED_REFUSAL);
        done(releases, condition(customs, ConditionKind.CUSTOMS, 1));
        gone(OTHER_BOX);
        back(OTHER_BOX);
        same(releases.orderOf(ORDER).state, OrderState.CLOSED, "order");
        same(titles.titleOf(TITLE).state, TitleState.DELIVERED, "title");
    }

    /// @dev 船边直提: everything is settled while the ship is still at sea; the lane stands at the quay.
    function test_release_beside_the_ship() public {
        bytes32 quay = keccak256("quay lane");
        done(devices, lane(quay, 0x9a1, PORT));
        surrendered();
        done(releases, opening(ORDER, threeKinds(), theirMembers(), array(BOX)));
        allMet();
        same(releases.orderOf(ORDER).open, 0, "open before the ship is in");
        // Three days later the crane sets the container on the truck, under the quay's lane.
        vm.warp(block.timestamp + 3 days);
        done(releases, passageOf(ReleasesVerbs.GATE_OUT, BOX, terminal, quay, 0x9a1, 1));
        done(releases, interchangeOf(BOX, Direction.OUT, terminal, quay, 0x9a1, 2));
        same(stateOf(BOX), RightState.USED, "right");
        // The empty container comes back through the gate.
        back(BOX);
        same(releases.orderOf(ORDER).state, OrderState.CLOSED, "order");
    }

    /// @dev 先查验后装运: the inspector stands at the port of loading and is done before the vessel arrives.
    function test_inspection_before_loading() public {
        withInspector(LOADING);
        surrenderedFromLoading();
        bytes memory kinds = abi.encode(
            4, ConditionKind.FREIGHT, ConditionKind.CUSTOMS, ConditionKind.TERMINAL, ConditionKind.INSPECTION
        );
        bytes memory members = abi.encode(4, carrier.id, customs.id, terminal.id, inspector.id);
        done(releases, opening(ORDER, kinds, members, array(BOX)));
        same(releases.orderOf(ORDER).loading, LOADING, "loading");
        same(releases.orderOf(ORDER).port, PORT, "discharge");
        done(releases, condition(inspector, ConditionKind.INSPECTION, 1));
        // The voyage.
        vm.warp(block.timestamp + 20 days);
        acted(releases, passage(ReleasesVerbs.GATE_OUT, BOX), Outcome.RECORDED_REFUSAL);
        allMet();
        gone(BOX);
        same(stateOf(BOX), RightState.USED, "right");
    }

    function test_inspection_quarantine_and_verified_mass_may_be_set_at_either_port_and_nothing_else() public {
        _admit(stranger, Role.CUSTOMS | Role.INSPECTION | Role.QUARANTINE | Role.TERMINAL);
        uint256[4] memory roles = [Role.CUSTOMS, Role.INSPECTION, Role.QUARANTINE, Role.TERMINAL];
        for (uint256 i = 0; i < 4; i++) {
            _assign(LOADING, roles[i], stranger);
        }
        surrenderedFromLoading();
        bytes memory one = array(bytes32(ConditionKind.CUSTOMS));
        bytes memory reason = because(IActs.NotAssigned.selector, bytes32(PORT), bytes32(Role.CUSTOMS), stranger.id);
        refused(releases, opening(ORDER, one, array(stranger.id), array(BOX)), reason);
        bytes memory kinds =
            abi.encode(3, ConditionKind.INSPECTION, ConditionKind.QUARANTINE, ConditionKind.VERIFIED_MASS);
        bytes memory members = abi.encode(3, stranger.id, stranger.id, stranger.id);
        done(releases, opening(ORDER, kinds, members, array(BOX)));
    }

    function test_an_authority_at_the_port_of_loading_holds_too() public {
        withInspector(LOADING);
        surrenderedFromLoading();
        done(releases, opening(ORDER, threeKinds(), theirMembers(), array(BOX)));
        allMet();
        done(releases, hold(ReleasesVerbs.HOLD_ORDER, inspector, LOADING, LEGAL_ORDER));
        acted(releases, passage(ReleasesVerbs.GATE_OUT, BOX), Outcome.RECORDED_REFUSAL);
        bytes memory reason = because(IActs.NotAssigned.selector, bytes32(PORT), bytes32(uint256(480)), inspector.id);
        refused(releases, hold(ReleasesVerbs.LIFT_HOLD, inspector, PORT, LEGAL_ORDER), reason);
        done(releases, hold(ReleasesVerbs.LIFT_HOLD, inspector, LOADING, LEGAL_ORDER));
        done(releases, passage(ReleasesVerbs.GATE_OUT, BOX));
    }

    function test_another_authority_lifts_a_hold_only_once_its_maker_has_no_authority_at_the_ports() public {
        withInspector(LOADING);
        surrenderedFromLoading();
        done(releases, opening(ORDER, threeKinds(), theirMembers(), array(BOX)));
        done(releases, hold(ReleasesVerbs.HOLD_ORDER, customs, PORT, LEGAL_ORDER));
        bytes memory reason = because(IReleases.NotTheHoldingAuthority.selector, ORDER, inspector.id, customs.id);
        refused(releases, hold(ReleasesVerbs.LIFT_HOLD, inspector, LOADING, LEGAL_ORDER), reason);
        _assign(LOADING, Role.CUSTOMS, customs);
        _unassign(PORT, Role.CUSTOMS, customs);
        refused(releases, hold(ReleasesVerbs.LIFT_HOLD, inspector, LOADING, LEGAL_ORDER), reason);
        _unassign(LOADING, Role.CUSTOMS, customs);
        done(releases, hold(ReleasesVerbs.LIFT_HOLD, inspector, LOADING, LEGAL_ORDER));
        same(releases.orderOf(ORDER).holds, 0, "holds");
    }

    /// @dev The bank enforced its lien: the goods, and the word in a cancellation, are the bank's.
    function test_an_enforcing_pledgee_takes_delivery_or_its_pledge_back() public {
        withTrucks();
        live(0);
        handOver(shipper, bank, Capacity.PLEDGEE, Endorsement.NONE);
        uint256 counter = titles.titleOf(TITLE).counter;
        done(titles, made(titles, TitlesVerbs.RECORD_DEFAULT, bank, TITLE, counter, abi.encode(keccak256("notice"))));
        vm.warp(block.timestamp + ENFORCEMENT);
        done(titles, surrender(bank));
        done(titles, answer(TitlesVerbs.ACCEPT, carrier));
        done(releases, opening(ORDER, threeKinds(), theirMembers(), array(BOX)));
        bytes32 right = releases.rightId(ORDER, BOX);
        bytes memory reason = because(IReleases.NotTheRightsOwner.selector, right, shipper.id, bank.id);
        refused(releases, transfer(shipper, truck), reason);
        done(releases, transfer(bank, truck));
        done(releases, onOrder(ReleasesVerbs.PROPOSE_CANCELLATION, carrier, abi.encode(keccak256("reason"))));
        bytes memory own = abi.encode(releases.orderOf(ORDER).cancellation);
        bytes memory act = onOrder(ReleasesVerbs.CONFIRM_CANCELLATION, shipper, own);
        refused(releases, act, because(ITitles.NotTheHolder.selector, TITLE, shipper.id, bank.id));
        done(releases, onOrder(ReleasesVerbs.CONFIRM_CANCELLATION, bank, own));
        same(titles.titleOf(TITLE).state, TitleState.LIVE, "title");
        same(titles.titleOf(TITLE).holder, shipper.id, "holder");
        same(titles.titleOf(TITLE).pledgee, bank.id, "pledgee");
    }

    /// @dev Contracts look each other up at each use: an open order outlives the version of Titles it opened under.
    function test_an_order_runs_on_under_a_new_version_of_titles() public {
        ready();
        gone(BOX);
        Titles next = new Titles(network, address(titles));
        bytes memory own = abi.encode(2, 5, address(membership), address(devices), address(next), address(releases));
        own = bytes.concat(own, abi.encode(network.contractOf(keccak256("Attestations"))));
        bytes32 versions = keccak256("versions");
        acted(network, made(network, NetworkVerbs.ACTIVATE_VERSION, seat(0), versions, 1, own), Outcome.ASSENTED);
        done(network, made(network, NetworkVerbs.ACTIVATE_VERSION, seat(1), versions, 1, own));
        gone(OTHER_BOX);
        back(BOX);
        back(OTHER_BOX);
        same(releases.orderOf(ORDER).state, OrderState.CLOSED, "order");
        same(next.titleOf(TITLE).state, TitleState.DELIVERED, "title");
    }

    /// @dev TITLE surrendered, from LOADING to PORT.
    function surrenderedFromLoading() private {
        bytes memory own =
            abi.encode(TitleKind.ORDER, bytes32(0), shipper.id, block.timestamp + 1 days, LOADING, PORT, ROOT);
        done(titles, made(titles, TitlesVerbs.ISSUE, carrier, TITLE, 0, own));
        done(titles, answer(TitlesVerbs.ACCEPT, shipper));
        done(titles, surrender(shipper));
        done(titles, answer(TitlesVerbs.ACCEPT, carrier));
    }
}
