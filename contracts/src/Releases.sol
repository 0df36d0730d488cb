// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MemberActs} from "./MemberActs.sol";
import {ReleasesGate} from "./ReleasesGate.sol";
import {ReleasesOpening} from "./ReleasesOpening.sol";
import {ReleasesOrders} from "./ReleasesOrders.sol";
import {ReleasesRights} from "./ReleasesRights.sol";
import {ReleasesVerbs} from "./generated/Verbs.sol";
import {INetwork} from "./interfaces/INetwork.sol";

/// @title Releases
/// @notice Invariant: a delivery order exists only from a title surrendered for delivery, and a title has one that is
/// not cancelled.
/// @notice Invariant: no release twice: a pickup right is used once, unless terminal and carrier reinstate it.
/// @notice Invariant: no release with a condition open, under a hold or of a frozen title.
/// @notice Invariant: only the member named for a condition sets it.
contract Releases is ReleasesOpening, ReleasesGate, ReleasesRights, ReleasesOrders {
    uint256 private constant GAS_CAP = 1_000_000;

    constructor(INetwork network) MemberActs(network, keccak256("Releases"), GAS_CAP, address(0)) {}

    function _shape(uint256 verb)
        internal
        pure
        override
        returns (bytes32 typeHash, uint256 statics, uint256 arrays, bool attaches)
    {
        return ReleasesVerbs.shape(verb);
    }

    function _delegable() internal pure override returns (uint256 mask) {
        return ReleasesVerbs.DELEGABLE;
    }

    function _perform(Header memory act, bytes calldata words, bytes calldata) internal override {
        uint256 verb = act.verb;
        if (verb == ReleasesVerbs.OPEN_ORDER) _openOrder(act, words);
        else if (verb == ReleasesVerbs.SET_CONDITION) _setCondition(act, words);
        else if (verb == ReleasesVerbs.GATE_OUT) _gateOut(act, words);
        else if (verb == ReleasesVerbs.RETURN_EMPTY) _returnEmpty(act, words);
        else if (verb == ReleasesVerbs.TRANSFER_RIGHT) _transferRight(act, words);
        else if (verb == ReleasesVerbs.ACCEPT_RIGHT) _acceptRight(act, words);
        else if (verb == ReleasesVerbs.HOLD_ORDER) _holdOrder(act, words);
        else if (verb == ReleasesVerbs.LIFT_HOLD) _liftHold(act, words);
        else if (verb == ReleasesVerbs.PROPOSE_REINSTATEMENT) _proposeReinstatement(act, words);
        else if (verb == ReleasesVerbs.CONFIRM_REINSTATEMENT) _confirmReinstatement(act, words);
        else if (verb == ReleasesVerbs.RECORD_INTERCHANGE) _recordInterchange(act, words);
        else if (verb == ReleasesVerbs.PROPOSE_CANCELLATION) _proposeCancellation(act, words);
        else _confirmCancellation(act, words);
    }
}
