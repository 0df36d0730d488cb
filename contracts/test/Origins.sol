// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AttestationsVerbs} from "../src/generated/Verbs.sol";
import {Member} from "./Consortium.sol";
import {Decisions} from "./Decisions.sol";

/// @dev A log of given entries, as section 2.1 of RFC 9162 defines its hashes; small ones only.
abstract contract Trees {
    function hashOf(bytes32[] memory entries, uint256 start, uint256 end) internal pure returns (bytes32) {
        if (end - start == 1) return sha256(abi.encodePacked(uint8(0), entries[start]));
        uint256 middle = start + split(end - start);
        return sha256(abi.encodePacked(uint8(1), hashOf(entries, start, middle), hashOf(entries, middle, end)));
    }

    /// @dev Section 2.1.4.1, the first node always there.
    function proofOf(bytes32[] memory entries, uint256 earlier, uint256 later) internal pure returns (bytes memory) {
        return subproof(entries, earlier, 0, later);
    }

    function subproof(bytes32[] memory entries, uint256 earlier, uint256 start, uint256 end)
        private
        pure
        returns (bytes memory)
    {
        if (earlier == end) return abi.encode(hashOf(entries, start, end));
        uint256 middle = start + split(end - start);
        if (earlier <= middle) {
            return bytes.concat(subproof(entries, earlier, start, middle), hashOf(entries, middle, end));
        }
        return bytes.concat(subproof(entries, earlier, middle, end), hashOf(entries, start, middle));
    }

    function split(uint256 size) internal pure returns (uint256 left) {
        left = 1;
        while (left * 2 < size) left *= 2;
    }
}

/// @dev Checkpoints of members and devices.
abstract contract Origins is Decisions, Trees {
    function checkpoint(Member memory by, uint256 counter, uint256 size, bytes32 root) internal returns (bytes memory) {
        return made(attestations, AttestationsVerbs.CHECKPOINT, by, by.id, counter, abi.encode(size, root));
    }

    function deviceCheckpoint(bytes32 device, uint256 key, uint256 counter, uint256 size, bytes32 root)
        internal
        returns (bytes memory)
    {
        bytes memory own = abi.encode(size, root);
        return signed(attestations, AttestationsVerbs.CHECKPOINT, terminal, key, device, counter, own);
    }

    function report(Member memory by, bytes32 owner, bytes32 origin, bytes memory first, bytes memory second)
        internal
        returns (bytes memory)
    {
        bytes memory own = abi.encode(owner, attestations.digestOf(first), attestations.digestOf(second));
        return made(attestations, AttestationsVerbs.REPORT_SPLIT, by, origin, 0, own);
    }

    function both(bytes memory first, bytes memory second) internal pure returns (bytes memory) {
        return bytes.concat(framed(first), framed(second));
    }
}
