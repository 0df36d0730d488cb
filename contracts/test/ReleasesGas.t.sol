// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ConditionKind} from "../src/generated/Words.sol";
import {ReleasesVerbs} from "../src/generated/Verbs.sol";
import {Delivery} from "./Delivery.sol";

/// @dev What an order's acts cost alone in their transactions, the 21,000 and calldata included.
/// forge-config: default.isolate = true
contract GasReleasesTest is Delivery {
    function test_an_order_with_four_conditions_and_two_containers_costs_at_most_500_000_gas() public {
        withInspector(PORT);
        surrendered();
        bytes memory kinds = abi.encode(
            4, ConditionKind.FREIGHT, ConditionKind.CUSTOMS, ConditionKind.TERMINAL, ConditionKind.INSPECTION
        );
        bytes memory members = abi.encode(4, carrier.id, customs.id, terminal.id, inspector.id);
        atMost(
            "an order with four conditions and two containers",
            opening(ORDER, kinds, members, array(BOX, OTHER_BOX)),
            500_000
        );
    }

    function test_a_gate_out_costs_at_most_200_000_gas() public {
        ready();
        atMost("a gate out", passage(ReleasesVerbs.GATE_OUT, BOX), 200_000);
    }

    /// @dev In isolation a call from the test is a transaction of its own, with cold storage and intrinsic gas.
    function atMost(string memory name, bytes memory act, uint256 most) private {
        bytes memory batch = framed(act);
        vm.prank(RELAYER);
        uint256 used = gasleft();
        releases.submit(batch);
        used -= gasleft();
        vm.snapshotValue("Releases", name, used);
        holds(used <= most, vm.toString(used));
        holds(used > 50_000, "not isolated");
    }
}
