// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {LegalOrderWord} from "./LegalOrderWord.sol";
import {TitleLiens} from "./TitleLiens.sol";
import {Title, TitleWord} from "./TitleWord.sol";
import {FreezeStage, Role} from "./generated/Words.sol";
import {ITitles} from "./interfaces/ITitles.sol";

/// @title TitleOrders
/// @notice Invariant: a holder acting in every block cannot keep a freeze out.
/// @notice What authorities assigned to a title's ports do under an order: freeze, lift, and move it by two of them.
/// @dev These acts name no title counter: the order, used once a title, guards them.
abstract contract TitleOrders is TitleLiens {
    using LegalOrderWord for uint256;
    using TitleWord for Title;

    struct StoredOrder {
        uint256 word; // see LegalOrderWord; zero while the order was not used here
    }

    uint256 private constant AUTHORITY = Role.CUSTOMS | Role.REGULATOR;

    mapping(bytes32 title => mapping(bytes32 order => StoredOrder)) private _orders;

    /// @inheritdoc ITitles
    function carriedOrder(bytes32 title, bytes32 order) external view returns (uint256 word) {
        return _wordOf(_orders[title][order], title, order).withoutProposal();
    }

    /// @inheritdoc ITitles
    function legalOrderOf(bytes32 title, bytes32 order) external view returns (LegalOrder memory standing) {
        uint256 word = _wordOf(_orders[title][order], title, order);
        return LegalOrder({
            by: word.by(),
            stage: word.stage(),
            transferableFrom: word.transferableFrom(),
            proposer: word.proposer(),
            to: word.to(),
            endsLien: word.endsLien(),
            proposal: word.proposal()
        });
    }

    function _freeze(Header memory act, bytes calldata words, Title memory t, uint256 principal) internal {
        (uint256 order, StoredOrder storage stored) = _orderBy(act, words, t);
        require(order == 0, OrderUsed(act.object, _own(words, 1)));
        require(t.freezes() < TitleWord.MAX_FREEZES, TooManyFreezes(act.object));
        t.addFreeze();
        (, uint256 wait) = _membership.waitingTimes();
        stored.word = LegalOrderWord.frozen(principal, block.timestamp + wait);
    }

    function _lift(Header memory act, bytes calldata words, Title memory t, uint256 principal) internal {
        (uint256 order, StoredOrder storage stored) = _standingBy(act, words, t);
        if (principal != order.by()) {
            // Once the one that froze has no more authority at the title's ports, another one lifts for it.
            bytes32 by = _id(order.by());
            bool assigned =
                _membership.assigned(t.loading(), AUTHORITY, by) || _membership.assigned(t.discharge(), AUTHORITY, by);
            require(!assigned, NotTheAuthority(act.object, act.principal, by));
        }
        t.endFreeze();
        stored.word = order.moved(FreezeStage.LIFTED);
    }

    function _proposeTransfer(Header memory act, bytes calldata words, Title memory t, uint256 principal) internal {
        (uint256 order, StoredOrder storage stored) = _standingBy(act, words, t);
        require(order.stage() == FreezeStage.FROZEN, OrderUsed(act.object, _own(words, 1)));
        uint256 from = order.transferableFrom();
        require(block.timestamp >= from, TooEarly(act.object, from));
        (uint256 to,) = _member(_own(words, 2));
        require(to != t.pledgee(), PledgeeNeverHolds(act.object, _own(words, 2)));
        require(_ownUint(words, 3) <= 1, ActMalformed());
        stored.word = order.proposed(principal, to, _ownUint(words, 3), act.digest);
    }

    function _confirmTransfer(Header memory act, bytes calldata words, Title memory t, uint256 principal) internal {
        (uint256 order, StoredOrder storage stored) = _standingBy(act, words, t);
        bytes32 named = _own(words, 2);
        bool waits = order.stage() == FreezeStage.PROPOSED && order.proposal() == LegalOrderWord.shortened(named);
        require(waits, ProposalMismatch(act.object, _own(words, 1), named));
        require(principal != order.proposer(), SecondAuthorityNeeded(act.object, act.principal));
        uint256 to = order.to();
        _requireActive(to);
        if (to == t.pledgee()) revert PledgeeNeverHolds(act.object, _id(to));
        t.setHolder(to);
        if (t.party() != 0) t.setParty(to);
        if (order.endsLien() == 1) t.endLien();
        t.closeOffer();
        stored.word = order.moved(FreezeStage.TRANSFERRED);
    }

    /// @dev The order as it stands; the principal is an authority assigned to the port, one of the title's.
    function _orderBy(Header memory act, bytes calldata words, Title memory t)
        private
        view
        returns (uint256 order, StoredOrder storage stored)
    {
        uint256 port = _ownUint(words, 0);
        bool assigned = port == t.loading() || port == t.discharge();
        if (assigned) assigned = _membership.assigned(port, AUTHORITY, act.principal);
        require(assigned, NotAssigned(port, AUTHORITY, act.principal));
        _requireCounter(act, 0);
        stored = _orders[act.object][_own(words, 1)];
        order = _wordOf(stored, act.object, _own(words, 1));
    }

    /// @dev The same, for an order under which the title is frozen.
    function _standingBy(Header memory act, bytes calldata words, Title memory t)
        private
        view
        returns (uint256 order, StoredOrder storage stored)
    {
        (order, stored) = _orderBy(act, words, t);
        require(order != 0 && order.stage() != FreezeStage.LIFTED, NotFrozenUnder(act.object, _own(words, 1)));
    }

    /// @dev As it stands here, or in the contract before this one.
    function _wordOf(StoredOrder storage stored, bytes32 title, bytes32 order) private view returns (uint256 word) {
        word = stored.word;
        if (word == 0 && predecessor() != address(0)) word = ITitles(predecessor()).carriedOrder(title, order);
    }
}
