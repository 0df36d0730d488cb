// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {TitlesVerbs} from "../src/generated/Verbs.sol";
import {Capacity, Endorsement, TitleKind} from "../src/generated/Words.sol";
import {IActs} from "../src/interfaces/IActs.sol";
import {Consortium} from "./Consortium.sol";

/// @dev What an act costs alone in its transaction, the 21,000 and calldata included.
/// forge-config: default.isolate = true
contract GasTest is Consortium {
    function test_an_issue_with_its_first_offer_costs_at_most_150_000_gas() public {
        atMost(issue(TITLE, TitleKind.ORDER, 0), 150_000);
    }

    function test_an_offer_costs_at_most_100_000_gas() public {
        live(0);
        atMost(offer(shipper, consignee.id, Capacity.HOLDER, Endorsement.NONE), 100_000);
    }

    function test_an_acceptance_costs_at_most_100_000_gas() public {
        live(0);
        done(titles, offer(shipper, consignee.id, Capacity.HOLDER, Endorsement.NONE));
        atMost(answer(TitlesVerbs.ACCEPT, consignee), 100_000);
    }

    function test_a_surrender_costs_at_most_100_000_gas() public {
        live(0);
        atMost(surrender(shipper), 100_000);
    }

    function test_an_issue_in_a_batch_of_50_costs_at_most_100_000_gas() public {
        bytes memory batch;
        for (uint256 i = 0; i < 50; i++) {
            batch = bytes.concat(batch, framed(issue(keccak256(abi.encode(i)), TitleKind.ORDER, 0)));
        }
        same(costOf(batch) / 50 / 100_000, 0, "hundreds of thousands");
    }

    event GasUsed(uint256 gas);

    function atMost(bytes memory act, uint256 most) private {
        uint256 used = costOf(framed(act));
        holds(used <= most, vm.toString(used));
    }

    /// @dev In isolation a call from the test is a transaction of its own, with cold storage and intrinsic gas.
    function costOf(bytes memory batch) private returns (uint256 used) {
        vm.prank(RELAYER);
        used = gasleft();
        titles.submit(batch);
        used -= gasleft();
        emit GasUsed(used);
        holds(used > 50_000, "not isolated");
    }
}
