// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ConsistencyProof} from "../src/ConsistencyProof.sol";
import {Trees} from "./Origins.sol";
import {Test} from "./Vm.sol";

/// @dev The library behind a call, so that a proof is calldata as it is in an act.
contract Verifier {
    function roots(uint256 earlier, uint256 later, bytes calldata proof)
        external
        view
        returns (bool fits, bytes32 earlierRoot, bytes32 laterRoot)
    {
        return ConsistencyProof.roots(earlier, later, proof);
    }
}

/// @dev Proofs against the vectors that Python wrote (tools/build_consistency_vectors.py), and against other proofs.
contract ConsistencyProofTest is Test, Trees {
    uint256 private constant ENTRIES = 40;
    /// @dev Calldata of a node without a zero byte.
    uint256 private constant NODE_GAS = 512;

    Verifier private _verifier;

    function setUp() public {
        _verifier = new Verifier();
    }

    function test_every_proof_up_to_40_entries_leads_to_the_roots_that_python_computes() public view {
        string memory json = vm.readFile("../tests/data/vectors/consistency.json");
        bytes memory roots = vm.parseJsonBytes(json, ".roots");
        bytes memory nodes = vm.parseJsonBytes(json, ".nodes");
        bytes memory proofs = vm.parseJsonBytes(json, ".proofs");
        uint256 place = 0;
        for (uint256 later = 2; later <= ENTRIES; later++) {
            for (uint256 earlier = 1; earlier < later; earlier++) {
                bytes memory proof = "";
                for (uint256 left = uint8(proofs[place++]); left > 0; left--) {
                    proof = bytes.concat(proof, wordAt(nodes, uint8(proofs[place++])));
                }
                leads(earlier, later, proof, wordAt(roots, earlier - 1), wordAt(roots, later - 1));
            }
        }
        same(place, proofs.length, "all read");
    }

    function test_every_proof_of_a_log_leads_to_its_roots(uint256 seed) public view {
        uint256 later = bounded(seed, 2, 64);
        uint256 earlier = bounded(seed >> 128, 1, later - 1);
        bytes32[] memory entries = new bytes32[](later);
        for (uint256 i = 0; i < later; i++) {
            entries[i] = keccak256(abi.encode(seed, i));
        }
        bytes memory proof = proofOf(entries, earlier, later);
        leads(earlier, later, proof, hashOf(entries, 0, earlier), hashOf(entries, 0, later));
    }

    function test_a_proof_of_another_length_does_not_fit(uint256 seed) public view {
        uint256 later = bounded(seed, 2, type(uint64).max);
        uint256 earlier = bounded(seed >> 128, 1, later - 1);
        uint256 right = nodesOf(earlier, later);
        for (uint256 nodes = 0; nodes <= 130; nodes++) {
            (bool fits,,) = _verifier.roots(earlier, later, new bytes(32 * nodes));
            holds(fits == (nodes == right), "whole nodes");
        }
        (bool cut,,) = _verifier.roots(earlier, later, new bytes(32 * right - 1));
        (bool long,,) = _verifier.roots(earlier, later, new bytes(32 * right + 1));
        holds(!cut && !long, "a byte");
    }

    function test_no_pair_of_sizes_costs_more_than_a_power_of_two_and_one_entry_less(uint256 seed) public view {
        costOf(1, 2); // the precompile and the verifier are warm from here on
        uint256 most6 = costOf(2 ** 6 - 1, 2 ** 6);
        uint256 most20 = costOf(2 ** 20 - 1, 2 ** 20);
        uint256 most32 = costOf(2 ** 32 - 1, 2 ** 32);
        for (uint256 later = 2; later <= 64; later++) {
            for (uint256 earlier = 1; earlier < later; earlier++) {
                holds(costOf(earlier, later) <= most6, pair(earlier, later));
            }
        }
        for (uint256 i = 2; i < 20; i++) {
            // Paths that meet late, with no other turn to the left.
            (uint256 e, uint256 l) = (2 ** i - 1, 2 ** i + seed % 2 ** i + 1);
            holds(costOf(e, l) <= most20, pair(e, l));
            (e, l) = (2 ** 20 - 2 ** i - 1, 2 ** 20 - seed % 2 ** i);
            holds(costOf(e, l) <= most20, pair(e, l));
        }
        for (uint256 i = 0; i < 20; i++) {
            uint256 some = uint256(keccak256(abi.encode(seed, i)));
            // Mostly ones: the costly ones are among these.
            uint256 ones = some | (some >> 64) | (some >> 128);
            uint256 later = bounded(i % 2 == 0 ? some : ones, 2, 2 ** 20);
            uint256 earlier = bounded((i % 2 == 0 ? some : ones) >> 32, 1, later - 1);
            holds(costOf(earlier, later) <= most20, pair(earlier, later));
            later = bounded(i % 2 == 0 ? some : ones, 2, 2 ** 32);
            earlier = bounded((i % 2 == 0 ? some : ones) >> 32, 1, later - 1);
            holds(costOf(earlier, later) <= most32, pair(earlier, later));
        }
    }

    function pair(uint256 earlier, uint256 later) private pure returns (string memory) {
        return string.concat(vm.toString(earlier), " to ", vm.toString(later));
    }

    function leads(uint256 earlier, uint256 later, bytes memory proof, bytes32 earlierRoot, bytes32 laterRoot)
        private
        view
    {
        (bool fits, bytes32 first, bytes32 second) = _verifier.roots(earlier, later, proof);
        holds(fits, "fits");
        same(first, earlierRoot, "earlier root");
        same(second, laterRoot, "later root");
    }

    /// @dev Section 2.1.4.1 counted: one node a part, and the first.
    function nodesOf(uint256 earlier, uint256 later) private pure returns (uint256 nodes) {
        (uint256 start, uint256 end) = (0, later);
        for (nodes = 1; earlier != end; nodes++) {
            uint256 middle = start + split(end - start);
            (start, end) = earlier <= middle ? (start, middle) : (middle, end);
        }
    }

    function costOf(uint256 earlier, uint256 later) private view returns (uint256 used) {
        uint256 nodes = nodesOf(earlier, later);
        bytes memory proof = new bytes(32 * nodes);
        _verifier.roots(earlier, later, proof);
        used = vm.lastCallGas().gasTotalUsed + NODE_GAS * nodes;
    }

    function wordAt(bytes memory data, uint256 i) private pure returns (bytes32 word) {
        assembly ("memory-safe") {
            word := mload(add(data, mul(add(i, 1), 32)))
        }
    }
}
