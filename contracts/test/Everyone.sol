// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {DevicesVerbs, MembershipVerbs, ReleasesVerbs, TitlesVerbs} from "../src/generated/Verbs.sol";
import {
    ConditionKind,
    DeviceKind,
    Direction,
    OrderState,
    Role,
    SurrenderPurpose,
    TitleState
} from "../src/generated/Words.sol";
import {IActs} from "../src/interfaces/IActs.sol";
import {IReleases} from "../src/interfaces/IReleases.sol";
import {ITitles} from "../src/interfaces/ITitles.sol";
import {Member} from "./Consortium.sol";
import {Watched} from "./Watched.sol";

/// @dev Every kind of member tries every verb, in any order, on terms that mostly fit and sometimes do not.
contract Everyone is Watched {
    uint256 private constant ELSEWHERE = 8;

    Member private regulator = Member(keccak256("regulator"), 0xd1);
    Member private otherBank = Member(keccak256("other bank"), 0xd2);
    Member private otherCarrier = Member(keccak256("other carrier"), 0xd3);

    uint256 private _chance;
    uint256 private _used; // makes ids, orders and reasons that were never there
    mapping(bytes32 title => bytes32 digest) private _terms; // of the last surrender, for who amends or consents
    bytes32 private _proposal;
    bytes32 private _delegation;
    mapping(bytes32 title => bytes32 order) private _standing; // the last one that froze it

    function setUp() public override {
        super.setUp();
        _admit(regulator, Role.REGULATOR);
        _admit(otherBank, Role.BANK | Role.CONSIGNEE);
        _admit(otherCarrier, Role.CARRIER);
        withTrucks();
        withDepot();
        _assign(PORT, Role.REGULATOR, regulator);
        done(devices, laneBy(terminal, keccak256("spare lane"), 0x5a, PORT));
        watch();
    }

    /// @dev One act on a title, mostly by a member that may.
    function tryTitle(uint256 chance) public {
        _chance = chance;
        renew(0);
        renew(1);
        bytes32 id = someTitle();
        ITitles.TitleView memory t = titles.titleOf(id);
        uint256 verb = verbFor(t);
        bool order = verb >= TitlesVerbs.FREEZE;
        uint256 counter = order || verb == TitlesVerbs.ISSUE ? 0 : t.counter;
        if (one(24)) counter++;
        Member memory by = one(5) ? anyone() : usual(verb, t);
        bytes memory own = order ? ownOfOrder(verb, t, _standing[id]) : ownOfTitle(verb, id, t);
        if (_delegation != 0 && one(8)) delegation = _delegation;
        bytes memory act = made(titles, verb, by, id, counter, own);
        bytes32 digest = titles.digestOf(act);
        if (!run(titles, act)) return;
        if (verb == TitlesVerbs.SURRENDER) _terms[id] = digest;
        if (verb == TitlesVerbs.PROPOSE_TRANSFER) _proposal = digest;
        if (verb == TitlesVerbs.FREEZE) (, _standing[id]) = abi.decode(own, (uint256, bytes32));
    }

    /// @dev A new order of an authority is applied, whatever the members do meanwhile.
    function tryFreeze(uint256 chance) public {
        _chance = chance;
        bytes32 id = someTitle();
        ITitles.TitleView memory t = titles.titleOf(id);
        bool may = (t.state == TitleState.ISSUED || t.state == TitleState.LIVE || t.state == TitleState.SURRENDERED)
            && t.freezes < 15 && activeNow(customs.id);
        bytes memory own = abi.encode(PORT, keccak256(abi.encode("new order", ++_used)));
        if (t.freezes != 0) own = abi.encode(PORT, _standing[id]);
        else if (freezeBy(customs, id, own) != may) freezeKeptOut = true;
        // Lifted again in time, so that the others get on.
        if (one(3)) run(titles, made(titles, TitlesVerbs.LIFT, customs, id, 0, own));
    }

    function freezeBy(Member memory by, bytes32 id, bytes memory own) private returns (bool took) {
        took = run(titles, made(titles, TitlesVerbs.FREEZE, by, id, 0, own));
        if (took) (, _standing[id]) = abi.decode(own, (uint256, bytes32));
    }

    /// @dev One act on the delivery order of a title.
    function tryRelease(uint256 chance) public {
        _chance = chance;
        bytes32 title = someTitle();
        if (titles.titleOf(title).state != TitleState.SURRENDERED && !one(8)) title = watched(pick(TITLES_WATCHED));
        bytes32 order = releases.orderOfTitle(title);
        uint256 verb = order == 0 || one(20) ? ReleasesVerbs.OPEN_ORDER : nextOn(order);
        if (verb == ReleasesVerbs.OPEN_ORDER) return openFor(title);
        if (verb == ReleasesVerbs.SET_CONDITION) return setOne(order);
        if (verb == ReleasesVerbs.HOLD_ORDER || verb == ReleasesVerbs.LIFT_HOLD) {
            bytes memory own = abi.encode(PORT, keccak256(abi.encode("hold", pick(3))));
            Member memory by = one(5) ? anyone() : customs;
            run(releases, made(releases, verb, by, order, 0, own));
        } else if (verb >= ReleasesVerbs.PROPOSE_CANCELLATION) {
            IReleases.OrderView memory o = releases.orderOf(order);
            bool first = verb == ReleasesVerbs.PROPOSE_CANCELLATION;
            Member memory by = one(5) ? anyone() : first ? carrier : entitled(title);
            run(releases, made(releases, verb, by, order, o.counter, abi.encode(first ? bytes32(0) : o.cancellation)));
        } else {
            onOneRight(verb, title, order, one(2) ? BOX : OTHER_BOX);
        }
    }

    /// @dev One act on a device; the spare lane's key is the one that lies.
    function tryDevice(uint256 chance) public {
        _chance = chance;
        uint256 verb = DevicesVerbs.REGISTER_LANE + pick(7);
        bytes32 id = one(2) ? LANE : keccak256("spare lane");
        uint256 counter = devices.deviceOf(id).counter;
        Member memory by = one(4) ? anyone() : terminal;
        bytes32 some = keccak256(abi.encode("record", ++_used));
        uint256 until = block.timestamp + pick(400) * 1 days;
        bytes memory own = abi.encode(some, keccak256("right"));
        if (verb == DevicesVerbs.REGISTER_LANE) own = abi.encode(vm.addr(_used), DeviceKind.LANE, PORT, until);
        if (verb == DevicesVerbs.REGISTER_DEVICE) own = abi.encode(some, DeviceKind.SCALE, PORT, until);
        if (verb == DevicesVerbs.CALIBRATE) own = abi.encode(until + 30 days, some);
        if (verb == DevicesVerbs.SUSPEND_DEVICE) (own, by, counter) = (abi.encode(some), one(2) ? by : customs, 0);
        if (verb == DevicesVerbs.RESUME_DEVICE) (own, by) = (abi.encode(some), one(2) ? by : customs);
        if (verb == DevicesVerbs.REGISTER_LANE || verb == DevicesVerbs.REGISTER_DEVICE) (id, counter) = (some, 0);
        if (verb != DevicesVerbs.PROVE_EQUIVOCATION) run(devices, made(devices, verb, by, id, counter, own));
        // A lane out of service for good would end the story.
        if (verb == DevicesVerbs.SUSPEND_DEVICE && id == LANE) {
            counter = devices.deviceOf(id).counter;
            run(devices, made(devices, DevicesVerbs.RESUME_DEVICE, one(2) ? terminal : customs, id, counter, own));
        }
    }

    /// @dev The council decides on a member, with one seat's assent or two.
    function tryMotion(uint256 chance) public {
        _chance = chance;
        uint256[6] memory verbs = [
            MembershipVerbs.SUSPEND_MEMBER,
            MembershipVerbs.REINSTATE_MEMBER,
            MembershipVerbs.REINSTATE_MEMBER,
            MembershipVerbs.EXIT_MEMBER,
            MembershipVerbs.NAME_SUCCESSOR,
            MembershipVerbs.ROTATE_COUNCIL
        ];
        uint256 verb = verbs[pick(6)];
        if (suspended() != 0 && one(2)) verb = MembershipVerbs.REINSTATE_MEMBER;
        bytes32 object = anyone().id;
        uint256 counter = 0;
        bytes memory own = abi.encode(keccak256(abi.encode("reason", ++_used)));
        if (verb == MembershipVerbs.EXIT_MEMBER) object = one(2) ? otherTruck.id : anyone().id;
        if (verb == MembershipVerbs.EXIT_MEMBER && object != otherTruck.id && !one(40)) return;
        if (verb == MembershipVerbs.REINSTATE_MEMBER && suspended() != 0) object = suspended();
        if (verb == MembershipVerbs.NAME_SUCCESSOR) {
            (object, own) = (carrier.id, abi.encode(one(4) ? otherCarrier.id : bytes32(0), bytes32(_used)));
        }
        if (verb == MembershipVerbs.ROTATE_COUNCIL) {
            (object, counter) = (keccak256("council"), membership.councilEpoch());
            (bytes32[] memory seats, address[] memory keys) = _council();
            own = abi.encode(2, 3, seats[0], seats[1], seats[2], 3, keys[0], keys[1], keys[2]);
        }
        run(membership, made(membership, verb, seat(pick(2)), object, counter, own));
        if (!one(5)) run(membership, made(membership, verb, seat(2), object, counter, own));
    }

    /// @dev A member changes itself, or tries to change another.
    function tryMember(uint256 chance) public {
        _chance = chance;
        Member memory by = anyone();
        bytes32 object = one(8) ? anyone().id : by.id;
        (,,, uint256 counter,,) = membership.memberOf(object);
        uint256[4] memory verbs = [
            MembershipVerbs.UPDATE_PROFILE,
            MembershipVerbs.ACCEPT_RULEBOOK,
            MembershipVerbs.DELEGATE,
            MembershipVerbs.END_DELEGATION
        ];
        uint256 verb = verbs[pick(4)];
        bytes memory own = abi.encode(verb == MembershipVerbs.ACCEPT_RULEBOOK ? RULEBOOK : keccak256("profile"));
        if (verb == MembershipVerbs.END_DELEGATION) own = abi.encode(_delegation);
        if (verb == MembershipVerbs.DELEGATE) {
            own = abi.encode(anyone().id, TitlesVerbs.DELEGABLE, bytes32(0), block.timestamp + 30 days);
        }
        bytes memory act = made(membership, verb, by, object, counter, own);
        bytes32 digest = membership.digestOf(act);
        if (run(membership, act) && verb == MembershipVerbs.DELEGATE) _delegation = digest;
    }

    /// @dev The council activates a version; acts go on with the next one.
    function succeed(uint256 chance) public {
        _chance = chance;
        if (one(3)) nextVersion();
    }

    function waitSome(uint256 chance) public {
        vm.warp(block.timestamp + chance % 3 days);
    }

    // Who and what

    function pick(uint256 n) private returns (uint256 i) {
        _chance = uint256(keccak256(abi.encode(_chance)));
        return _chance % n;
    }

    function one(uint256 n) private returns (bool inN) {
        return pick(n) == 0;
    }

    function someTitle() private returns (bytes32 id) {
        return watched(pick(TITLES_WATCHED));
    }

    function all() private view returns (Member[13] memory members) {
        return [
            carrier,
            shipper,
            bank,
            consignee,
            terminal,
            customs,
            regulator,
            otherBank,
            otherCarrier,
            truck,
            otherTruck,
            depot,
            stranger
        ];
    }

    function anyone() private returns (Member memory member) {
        return all()[pick(13)];
    }

    function byId(bytes32 id) private view returns (Member memory member) {
        Member[13] memory members = all();
        for (uint256 i = 0; i < 13; i++) {
            if (members[i].id == id) return members[i];
        }
        return carrier;
    }

    function entitled(bytes32 id) private view returns (Member memory member) {
        ITitles.TitleView memory t = titles.titleOf(id);
        return byId(t.pledgee != 0 ? t.pledgee : t.holder);
    }

    /// @dev A verb that the state suggests, or any.
    function verbFor(ITitles.TitleView memory t) private returns (uint256 verb) {
        if (t.state == TitleState.NONE) return TitlesVerbs.ISSUE;
        if (t.state == TitleState.SURRENDERED) tryRelease(_chance);
        if (t.state == TitleState.SURRENDERED || one(4)) return TitlesVerbs.ISSUE + pick(16);
        if (t.counterparty != 0 && t.deadline >= block.timestamp) {
            if (t.offerPurpose == SurrenderPurpose.AMENDMENT && !one(4)) {
                return t.pledgee != 0 && !t.consented ? TitlesVerbs.CONSENT_AMENDMENT : TitlesVerbs.AMEND;
            }
            return one(4) ? TitlesVerbs.DECLINE + pick(2) : TitlesVerbs.ACCEPT;
        }
        if (t.state == TitleState.ISSUED && one(8)) return TitlesVerbs.VOID_TITLE;
        if (t.state == TitleState.PAPER) return TitlesVerbs.RETURN_FROM_PAPER;
        if (t.freezes != 0) return one(6) ? TitlesVerbs.LIFT : TitlesVerbs.PROPOSE_TRANSFER + pick(2);
        if (t.pledgee != 0 && one(3)) return TitlesVerbs.SURRENDER;
        if (t.pledgee != 0 && one(2)) return one(3) ? TitlesVerbs.RELEASE_PLEDGE : TitlesVerbs.RECORD_DEFAULT;
        return one(2) ? TitlesVerbs.OFFER : TitlesVerbs.SURRENDER;
    }

    function usual(uint256 verb, ITitles.TitleView memory t) private returns (Member memory by) {
        if (verb == TitlesVerbs.ISSUE || verb == TitlesVerbs.AMEND || verb == TitlesVerbs.RETURN_FROM_PAPER) {
            return carrier;
        }
        if (verb == TitlesVerbs.VOID_TITLE) return carrier;
        if (verb == TitlesVerbs.ACCEPT || verb == TitlesVerbs.DECLINE) return byId(t.counterparty);
        if (verb == TitlesVerbs.CONSENT_AMENDMENT || verb == TitlesVerbs.RELEASE_PLEDGE) return byId(t.pledgee);
        if (verb == TitlesVerbs.RECORD_DEFAULT) return byId(t.pledgee);
        if (verb >= TitlesVerbs.FREEZE) return one(3) ? regulator : customs;
        if (verb == TitlesVerbs.SURRENDER && !one(4)) return byId(t.holder);
        return t.state == TitleState.LIVE ? byId(t.pledgee != 0 ? t.pledgee : t.holder) : carrier;
    }

    function ownOfTitle(uint256 verb, bytes32 id, ITitles.TitleView memory t) private returns (bytes memory own) {
        uint256 deadline = block.timestamp + 1 + pick(20) * 1 days;
        bytes32 root = one(24) ? keccak256("another") : t.root;
        bytes32 amended = keccak256(abi.encode("amended", pick(2)));
        bytes32 to = one(6) ? anyone().id : one(2) ? shipper.id : consignee.id;
        if (verb == TitlesVerbs.ISSUE) {
            bytes32 party = one(3) ? bytes32(0) : to;
            return abi.encode(1 + pick(2), party, shipper.id, deadline, ELSEWHERE, PORT, ROOT);
        }
        if (verb == TitlesVerbs.OFFER) {
            bool pledge = one(3);
            if (pledge) to = one(2) ? bank.id : otherBank.id;
            if (!pledge && t.party != 0 && one(2)) to = t.party;
            uint256 endorsement = pledge || (t.party != t.holder && one(2)) ? 0 : pick(3);
            return abi.encode(to, pledge ? 2 : 1, endorsement, deadline, root);
        }
        if (verb == TitlesVerbs.ACCEPT) return abi.encode(offerNamed(id), root);
        if (verb == TitlesVerbs.DECLINE || verb == TitlesVerbs.WITHDRAW) return abi.encode(offerNamed(id));
        if (verb == TitlesVerbs.SURRENDER) {
            uint256 purpose = t.pledgee == 0 && one(2) ? SurrenderPurpose.DELIVERY : 2 + pick(2);
            return abi.encode(purpose, root, purpose == SurrenderPurpose.AMENDMENT ? amended : bytes32(0), deadline);
        }
        if (verb == TitlesVerbs.AMEND || verb == TitlesVerbs.CONSENT_AMENDMENT) return abi.encode(_terms[id], amended);
        if (verb == TitlesVerbs.RETURN_FROM_PAPER) return abi.encode(to, deadline, root);
        return abi.encode(root); // of a release; of the others any word
    }

    function ownOfOrder(uint256 verb, ITitles.TitleView memory t, bytes32 standing) private returns (bytes memory own) {
        bytes32 order = one(4) ? keccak256(abi.encode("order", pick(3))) : standing;
        uint256 port = one(10) ? ELSEWHERE : PORT;
        if (verb == TitlesVerbs.CONFIRM_TRANSFER) return abi.encode(port, order, _proposal);
        if (verb != TitlesVerbs.PROPOSE_TRANSFER) return abi.encode(port, order);
        bytes32 to = t.pledgee != 0 && one(3) ? t.pledgee : one(2) ? consignee.id : anyone().id;
        return abi.encode(port, order, to, pick(2));
    }

    function openFor(bytes32 title) private {
        bytes32 order = keccak256(abi.encode("delivery order", ++_used));
        bytes memory own = bytes.concat(
            abi.encode(title, keccak256("D/O"), terminal.id), threeKinds(), theirMembers(), array(BOX, OTHER_BOX)
        );
        run(releases, made(releases, ReleasesVerbs.OPEN_ORDER, one(5) ? anyone() : carrier, order, 0, own));
    }

    /// @dev A verb that takes the order on, or any.
    function nextOn(bytes32 order) private returns (uint256 verb) {
        IReleases.OrderView memory o = releases.orderOf(order);
        if (o.state != OrderState.OPEN) return ReleasesVerbs.OPEN_ORDER;
        if (one(3)) return ReleasesVerbs.SET_CONDITION + pick(12);
        if (o.holds != 0) return ReleasesVerbs.LIFT_HOLD;
        if (o.open != 0) return ReleasesVerbs.SET_CONDITION;
        if (o.gone < 2 && one(3)) return ReleasesVerbs.GATE_OUT;
        if (o.gone < 2 && one(2)) return ReleasesVerbs.TRANSFER_RIGHT + pick(2);
        return one(2) ? ReleasesVerbs.RETURN_EMPTY : ReleasesVerbs.RECORD_INTERCHANGE;
    }

    function setOne(bytes32 order) private {
        Member[3] memory named = [carrier, customs, terminal];
        uint256 kind = pick(3);
        bytes32 id = releases.conditionId(order, ConditionKind.FREIGHT + kind);
        (,,, uint256 counter) = releases.conditionOf(id);
        bytes memory own = abi.encode(order, one(5) ? 0 : 1, keccak256("record"));
        run(releases, made(releases, ReleasesVerbs.SET_CONDITION, one(5) ? anyone() : named[kind], id, counter, own));
    }

    function onOneRight(uint256 verb, bytes32 title, bytes32 order, bytes32 box) private {
        bytes32 id = releases.rightId(order, box);
        IReleases.RightView memory r = releases.rightOf(id);
        if (verb <= ReleasesVerbs.RETURN_EMPTY || verb == ReleasesVerbs.RECORD_INTERCHANGE) {
            uint256 next = devices.deviceOf(LANE).deviceCounter + 1;
            if (one(12)) next--;
            bytes memory seen = abi.encode(order, box, LANE, next, block.timestamp);
            bytes memory rest = abi.encode(keccak256("reports"));
            if (verb == ReleasesVerbs.RECORD_INTERCHANGE) {
                rest = abi.encode(one(2) ? Direction.OUT : Direction.IN, keccak256("damage"));
            }
            bytes memory own = bytes.concat(seen, rest);
            run(releases, signed(releases, verb, terminal, one(12) ? 0x5a : LANE_KEY, id, r.counter, own));
            return;
        }
        Member memory by = carrier;
        bytes memory word = abi.encode(r.misread);
        if (verb == ReleasesVerbs.TRANSFER_RIGHT) {
            by = r.owner == truck.id ? truck : entitled(title);
            word = abi.encode(one(2) ? truck.id : otherTruck.id, block.timestamp + 1 days);
        } else if (verb == ReleasesVerbs.ACCEPT_RIGHT) {
            (by, word) = (r.to == truck.id ? truck : otherTruck, abi.encode(r.offer));
        } else if (verb == ReleasesVerbs.PROPOSE_REINSTATEMENT) {
            (by, word) = (terminal, abi.encode(r.reports));
        }
        bool took = run(releases, made(releases, verb, one(6) ? anyone() : by, id, r.counter, word));
        if (took && verb == ReleasesVerbs.TRANSFER_RIGHT) onOneRight(ReleasesVerbs.ACCEPT_RIGHT, title, order, box);
        if (took && verb == ReleasesVerbs.PROPOSE_REINSTATEMENT) {
            onOneRight(ReleasesVerbs.CONFIRM_REINSTATEMENT, title, order, box);
        }
    }
}
