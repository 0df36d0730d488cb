// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {TitleStore} from "./TitleStore.sol";
import {Title, TitleWord} from "./TitleWord.sol";
import {SurrenderPurpose} from "./generated/Words.sol";
import {ITitles} from "./interfaces/ITitles.sol";

/// @title TitleLiens
/// @notice Invariant: nothing moves past a pledgee.
/// @notice Invariant: a pledgee never becomes owner.
/// @dev A lien begins in TitleAnswers, as the pledgee accepts, and ends here, by a sale or by a transfer under order.
abstract contract TitleLiens is TitleStore {
    using TitleWord for Title;

    mapping(bytes32 id => uint256 time) private _enforceableFrom;

    /// @inheritdoc ITitles
    function enforceableFrom(bytes32 id) public view returns (uint256 time) {
        time = _enforceableFrom[id];
        if (time == 0 && predecessor() != address(0)) time = ITitles(predecessor()).enforceableFrom(id);
    }

    function _releasePledge(Header memory act, bytes calldata words, Title memory t, uint256 principal) internal view {
        _requirePledgee(act, t, principal);
        _requireCounter(act, t.counter());
        _requireUnfrozen(act, t);
        _requireRoot(act, _own(words, 0));
        if (t.purpose() != SurrenderPurpose.AMENDMENT) t.closeOffer();
        t.endLien();
    }

    function _recordDefault(Header memory act, Title memory t, uint256 principal) internal {
        _requirePledgee(act, t, principal);
        _requireCounter(act, t.counter());
        _requireUnfrozen(act, t);
        _requireNoDefault(act, t);
        t.closeOffer();
        t.recordDefault();
        (uint256 wait,) = _membership.waitingTimes();
        _enforceableFrom[act.object] = block.timestamp + wait;
    }

    function _requireNoDefault(Header memory act, Title memory t) internal pure {
        require(t.defaulted() == 0, DefaultRecorded(act.object));
    }

    /// @dev A pledged title is moved by its pledgee alone, and not before it may enforce.
    function _requireUnpledgedOrEnforceable(Header memory act, Title memory t, bool byPledgee) internal view {
        bool free = t.pledgee() == 0;
        if (byPledgee) free = t.defaulted() == 1 && block.timestamp >= enforceableFrom(act.object);
        require(free, TitlePledged(act.object));
    }
}
