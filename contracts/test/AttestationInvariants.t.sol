// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {OriginState} from "../src/generated/Words.sol";
import {IActs} from "../src/interfaces/IActs.sol";
import {Member} from "./Consortium.sol";
import {Origins} from "./Origins.sol";

/// @dev Two origins that grow their logs, rewrite their past, and are reported; in any order.
contract Chronicle is Origins {
    /// @dev What an origin's log holds now, and what it held at its last checkpoint that was taken.
    struct Log {
        bytes32[] entries;
        bytes32[] last;
        uint256 taken;
        bool split;
    }

    bool public shrank;
    bool public rewritten;
    bool public tookAfterSplit;
    bool public refusedHonest;

    Log[2] private _logs;

    /// @dev Add entries; now and then change or cut off what is there already.
    function write(uint256 which, uint256 count, uint256 past) external {
        Log storage log = _logs[which % 2];
        for (uint256 i = 0; i < 1 + count % 5; i++) {
            log.entries.push(keccak256(abi.encode(which, count, i, log.entries.length)));
        }
        if (past % 6 == 0) log.entries[past / 6 % log.entries.length] = bytes32(past);
        if (past % 6 == 1) {
            for (uint256 i = past / 6 % log.entries.length; i > 0; i--) {
                log.entries.pop();
            }
        }
    }

    /// @dev Checkpoint what the log holds now, with a proof from the size that was checkpointed last, or another.
    function publish(uint256 which, uint256 from) external {
        Log storage log = _logs[which % 2];
        bytes32[] memory entries = log.entries;
        if (entries.length == 0) return;
        uint256 size = entries.length;
        uint256 earlier = from % 4 == 0 ? from / 4 % (size + 2) : log.last.length;
        bytes memory act = checkpoint(origin(which), log.taken, size, hashOf(entries, 0, size));
        bytes memory attached;
        if (log.taken != 0) {
            bytes memory proof = earlier != 0 && earlier < size ? proofOf(entries, earlier, size) : abi.encode(from);
            attached = bytes.concat(bytes32(earlier), proof);
        }
        bool took = run(bytes.concat(act, attached));
        bool extended = extends(entries, log.last);
        if (took && log.split) tookAfterSplit = true;
        if (took && size <= log.last.length) shrank = true;
        if (took && !extended) rewritten = true;
        if (!took && extended && !log.split && earlier == log.last.length) refusedHonest = true;
        if (took) {
            log.taken++;
            log.last = entries;
        }
    }

    /// @dev Report two checkpoints, mostly of one size and root: these are refused.
    function accuse(uint256 which, uint256 how) external {
        Member memory by = origin(which);
        bytes memory first = checkpoint(by, 0, 3, ROOT);
        bytes memory second = checkpoint(by, 0, 3, how % 8 == 0 ? bytes32(how) : ROOT);
        bytes memory act = report(bank, by.id, by.id, first, second);
        if (run(bytes.concat(act, both(first, second)))) _logs[which % 2].split = true;
    }

    /// @dev Whether the ledger's record of each origin is that of its last checkpoint that was taken.
    function recorded() external view returns (bool whether) {
        whether = true;
        for (uint256 i = 0; i < 2; i++) {
            Log storage log = _logs[i];
            bytes32 id = origin(i).id;
            (uint256 state, uint256 counter, bytes32 seal) = attestations.originOf(id, id);
            bytes32 wanted = 0;
            if (log.taken != 0 && !log.split) {
                wanted = keccak256(abi.encode(log.last.length, hashOf(log.last, 0, log.last.length)));
                wanted &= ~bytes32(uint256(type(uint32).max));
            }
            uint256 told = log.split ? OriginState.SPLIT : log.taken == 0 ? OriginState.NONE : OriginState.OPEN;
            whether = whether && state == told && seal == wanted && counter == log.taken + (log.split ? 1 : 0);
        }
    }

    function origin(uint256 which) private view returns (Member memory) {
        return which % 2 == 0 ? carrier : terminal;
    }

    function extends(bytes32[] memory entries, bytes32[] storage last) private view returns (bool) {
        if (entries.length <= last.length) return false;
        for (uint256 i = 0; i < last.length; i++) {
            if (entries[i] != last[i]) return false;
        }
        return true;
    }

    function run(bytes memory act) private returns (bool took) {
        return relay(attestations, framed(act))[0].topics[0] == IActs.Acted.selector;
    }
}

/// @dev The sentences on Attestations, held against origins that rewrite their past.
contract AttestationInvariants {
    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    Chronicle private _chronicle;

    function setUp() public {
        _chronicle = new Chronicle();
        _chronicle.setUp();
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_chronicle);
    }

    function targetSelectors() public view returns (FuzzSelector[] memory targets) {
        bytes4[] memory selectors = new bytes4[](3);
        selectors[0] = Chronicle.write.selector;
        selectors[1] = Chronicle.publish.selector;
        selectors[2] = Chronicle.accuse.selector;
        targets = new FuzzSelector[](1);
        targets[0] = FuzzSelector(address(_chronicle), selectors);
    }

    function invariant_a_log_never_shrinks() public view {
        assert(!_chronicle.shrank());
    }

    function invariant_an_accepted_checkpoint_extends_the_last_one() public view {
        assert(!_chronicle.rewritten());
        assert(!_chronicle.refusedHonest());
        assert(_chronicle.recorded());
    }

    function invariant_a_split_origin_takes_no_more_checkpoints() public view {
        assert(!_chronicle.tookAfterSplit());
    }
}
