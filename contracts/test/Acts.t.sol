// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Titles} from "../src/Titles.sol";
import {MembershipVerbs, TitlesVerbs} from "../src/generated/Verbs.sol";
import {Capacity, Endorsement, KeyPurpose, TitleKind} from "../src/generated/Words.sol";
import {IActs} from "../src/interfaces/IActs.sol";
import {ITitles} from "../src/interfaces/ITitles.sol";
import {Consortium, Member} from "./Consortium.sol";
import {Vm} from "./Vm.sol";

/// @dev What holds for every act: form, signature, expiry, replay, and the relaying of batches.
contract ActsTest is Consortium {
    uint256 private constant ORDER_OF_CURVE = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;

    // What is signed

    function test_the_digest_is_that_of_eip_712() public {
        bytes memory act = offer(shipper, consignee.id, Capacity.HOLDER, Endorsement.NONE);
        same(titles.digestOf(act), vm.eip712HashTypedData(offerAsTypedData(act)), "digest");
    }

    function test_arrays_are_hashed_as_eip_712_says() public {
        bytes memory own = abi.encode(3, keccak256("profile"), RULEBOOK);
        own = bytes.concat(own, array(keyId(1), keyId(2)), array(bytes32(uint256(1)), bytes32(uint256(2))));
        bytes memory act = made(membership, MembershipVerbs.ADMIT_MEMBER, seat(0), stranger.id, 0, own);
        bytes32 structHash = keccak256(
            abi.encode(
                MembershipVerbs.ADMIT_MEMBER_TYPE,
                [wordOf(act, 0), wordOf(act, 1), wordOf(act, 2), wordOf(act, 3), wordOf(act, 4), wordOf(act, 5)],
                [wordOf(act, 6), wordOf(act, 7), wordOf(act, 8)],
                keccak256(abi.encode(keyId(1), keyId(2))),
                keccak256(abi.encode(1, 2))
            )
        );
        bytes32 wanted = keccak256(abi.encodePacked(hex"1901", membership.domainSeparator(), structHash));
        same(membership.digestOf(act), wanted, "digest");
    }

    // Refusals of form

    function test_an_expired_act_is_refused() public {
        bytes memory act = issue(TITLE, TitleKind.ORDER, 0);
        vm.warp(block.timestamp + 201);
        refused(titles, act, because(IActs.ActExpired.selector, bytes32(START + 200)));
    }

    function test_an_act_is_executed_in_its_last_second() public {
        bytes memory act = issue(TITLE, TitleKind.ORDER, 0);
        vm.warp(block.timestamp + 200);
        done(titles, act);
    }

    function test_a_replayed_act_is_refused() public {
        live(0);
        bytes memory act = offer(shipper, consignee.id, Capacity.HOLDER, Endorsement.NONE);
        done(titles, act);
        done(titles, answer(TitlesVerbs.DECLINE, consignee));
        refused(titles, act, because(IActs.StaleCounter.selector, TITLE, bytes32(uint256(4)), bytes32(uint256(2))));
    }

    function test_an_act_from_the_future_of_its_object_is_refused() public {
        live(0);
        bytes memory own = abi.encode(consignee.id, 1, 0, block.timestamp + 1 days, ROOT);
        bytes memory act = made(titles, TitlesVerbs.OFFER, shipper, TITLE, 3, own);
        refused(titles, act, because(IActs.StaleCounter.selector, TITLE, bytes32(uint256(2)), bytes32(uint256(3))));
    }

    function test_another_networks_signature_is_refused() public {
        bytes memory act = issue(TITLE, TitleKind.ORDER, 0);
        bytes32 elsewhere = keccak256(
            abi.encode(
                keccak256(
                    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract,bytes32 salt)"
                ),
                keccak256("Lading"),
                keccak256("1"),
                block.chainid,
                address(titles),
                keccak256("another network")
            )
        );
        bytes32 structHash = keccak256(bytes.concat(TitlesVerbs.ISSUE_TYPE, wordsOf(act)));
        bytes32 digest = keccak256(abi.encodePacked(hex"1901", elsewhere, structHash));
        act = withSignature(act, signatureOf(carrier.key, digest));
        relay(titles, framed(act));
        same(titles.titleOf(TITLE).state, 0, "state");
        Vm.Log[] memory logs = relay(titles, framed(act));
        (, bytes memory reason) = abi.decode(logs[0].data, (uint256, bytes));
        same(bytes32(bytes4(reason)), bytes32(IActs.KeyNotValid.selector), "error");
    }

    function test_a_changed_word_is_refused() public {
        bytes memory act = issue(TITLE, TitleKind.ORDER, 0);
        act[75 + 32 * 6] ^= 0x01;
        relay(titles, framed(act));
        same(titles.titleOf(TITLE).state, 0, "state");
    }

    function test_a_key_of_another_member_is_refused() public {
        bytes memory own = abi.encode(2, 0, shipper.id, START + 1, PORT, PORT, ROOT);
        bytes memory act = signed(titles, TitlesVerbs.ISSUE, carrier, shipper.key, TITLE, 0, own);
        refused(titles, act, because(IActs.KeyNotValid.selector, carrier.id, keyId(shipper.key)));
    }

    function test_an_unknown_member_is_refused() public {
        bytes memory own = abi.encode(2, 0, shipper.id, START + 1, PORT, PORT, ROOT);
        bytes memory act = made(titles, TitlesVerbs.ISSUE, stranger, TITLE, 0, own);
        refused(titles, act, because(IActs.MemberUnknown.selector, stranger.id));
    }

    function test_a_signature_has_one_form() public {
        bytes memory act = issue(TITLE, TitleKind.ORDER, 0);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(carrier.key, titles.digestOf(act));
        bytes memory reason = because(IActs.SignatureInvalid.selector);
        bytes32 high = bytes32(ORDER_OF_CURVE - uint256(s));
        refused(titles, withSignature(act, abi.encodePacked(r, high, v == 27 ? uint8(28) : uint8(27))), reason);
        refused(titles, withSignature(act, abi.encodePacked(r, s, v - 27)), reason);
        refused(titles, withSignature(act, new bytes(65)), reason);
    }

    function test_an_act_under_a_delegation_is_refused() public {
        delegation = keccak256("delegation");
        bytes memory act = issue(TITLE, TitleKind.ORDER, 0);
        refused(titles, act, because(IActs.DelegationUnknown.selector, keccak256("delegation")));
    }

    function test_a_closed_contract_takes_no_act_and_an_opened_one_does() public {
        bytes memory batch = framed(issue(TITLE, TitleKind.ORDER, 0));
        vm.prank(address(network));
        titles.close();
        holds(!titles.isOpen(), "open");
        vm.prank(RELAYER);
        vm.expectRevert(IActs.ContractClosed.selector);
        titles.submit(batch);
        vm.prank(address(network));
        titles.open();
        holds(titles.isOpen(), "closed");
        relay(titles, batch);
        same(titles.titleOf(TITLE).counter, 1, "counter");
    }

    function test_only_the_network_opens_and_closes_a_contract() public {
        vm.expectRevert(IActs.OnlyNetwork.selector);
        titles.close();
        vm.expectRevert(IActs.OnlyNetwork.selector);
        titles.open();
    }

    function test_a_verb_that_attaches_nothing_refuses_bytes_behind_its_signature() public {
        bytes memory act = issue(TITLE, TitleKind.ORDER, 0);
        refused(titles, bytes.concat(act, hex"01"), because(IActs.ActMalformed.selector));
        refused(titles, bytes.concat(act, bytes32(0), bytes32(0)), because(IActs.ActMalformed.selector));
        done(titles, act);
    }

    function test_a_verb_of_another_contract_is_refused() public {
        bytes memory act = issue(TITLE, TitleKind.ORDER, 0);
        act[0] = bytes1(uint8(MembershipVerbs.ADD_KEY));
        refused(titles, act, because(IActs.VerbUnknown.selector, bytes32(MembershipVerbs.ADD_KEY)));
        act[0] = bytes1(uint8(63));
        refused(titles, act, because(IActs.VerbUnknown.selector, bytes32(uint256(63))));
    }

    function test_an_act_too_short_too_long_or_uneven_is_refused() public {
        bytes memory reason = because(IActs.ActMalformed.selector);
        bytes memory act = issue(TITLE, TitleKind.ORDER, 0);
        refused(titles, bytes.concat(act, hex"00"), reason);
        refused(titles, bytes.concat(act, bytes32(0)), reason);
        refused(titles, "", reason);
        refused(titles, new bytes(139), reason);
        refused(titles, new bytes(60_000), reason);
        act[0] = bytes1(uint8(TitlesVerbs.ACCEPT));
        refused(titles, act, reason);
        act = made(titles, TitlesVerbs.ACCEPT, shipper, TITLE, 0, abi.encode(1, 2));
        act[0] = bytes1(uint8(TitlesVerbs.ISSUE));
        refused(titles, act, reason);
    }

    function test_an_array_longer_than_16_or_than_its_act_is_refused() public {
        bytes memory head = abi.encode(1, keccak256("profile"), RULEBOOK);
        bytes memory reason = because(IActs.ActMalformed.selector);
        bytes memory act = raw(bytes.concat(head, abi.encode(17), new bytes(17 * 32), abi.encode(0)));
        refused(membership, act, reason);
        refused(membership, raw(bytes.concat(head, abi.encode(2), abi.encode(1))), reason);
        refused(membership, raw(bytes.concat(head, abi.encode(type(uint256).max), abi.encode(1))), reason);
        refused(membership, raw(head), reason);
        bytes memory cut = raw(head);
        assembly ("memory-safe") {
            mstore(cut, sub(mload(cut), 65)) // without its signature there is no room for the array's length
        }
        refused(membership, cut, reason);
    }

    function test_a_header_has_one_form() public {
        bytes memory reason = because(IActs.ActMalformed.selector);
        bytes memory act = issue(TITLE, TitleKind.ORDER, 0);
        bytes memory head = slice(act, 2, 75);
        bytes memory rest = slice(act, 75, act.length);
        for (uint8 parts = 1; parts <= 3; parts++) {
            // A delegation or a companion of zero is left out.
            bytes memory zeros = new bytes(parts == 3 ? 64 : 32);
            refused(titles, bytes.concat(act[0], bytes1(parts), head, zeros, rest), reason);
        }
        bytes memory half = bytes.concat(bytes32(0), keccak256("companion"));
        refused(titles, bytes.concat(act[0], bytes1(uint8(3)), head, half, rest), reason);
        half = bytes.concat(keccak256("delegation"), bytes32(0));
        refused(titles, bytes.concat(act[0], bytes1(uint8(3)), head, half, rest), reason);
        refused(titles, bytes.concat(act[0], bytes1(uint8(4)), head, rest), reason);
        refused(titles, bytes.concat(act[0], bytes1(uint8(255)), head, rest), reason);
        refused(titles, bytes.concat(act[0], bytes1(uint8(3)), head, new bytes(100)), reason);
    }

    function test_a_companion_is_signed_and_stands_in_the_event() public {
        companion = keccak256("companion");
        bytes memory act = issue(TITLE, TitleKind.ORDER, 0);
        same(wordOf(act, 5), keccak256("companion"), "companion");
        bytes32 structHash = keccak256(bytes.concat(TitlesVerbs.ISSUE_TYPE, wordsOf(act)));
        bytes32 wanted = keccak256(abi.encodePacked(hex"1901", titles.domainSeparator(), structHash));
        same(titles.digestOf(act), wanted, "digest");
        done(titles, act);
    }

    // Batches

    function test_one_refused_act_does_not_hurt_the_good_ones_beside_it() public {
        bytes memory good = issue(keccak256("one"), TitleKind.ORDER, 0);
        bytes memory bad = offer(shipper, consignee.id, Capacity.HOLDER, Endorsement.NONE);
        bytes memory also = issue(keccak256("two"), TitleKind.ORDER, 0);
        Vm.Log[] memory logs = relay(titles, bytes.concat(framed(good), framed(bad), framed(also)));
        same(logs.length, 3, "events");
        same(logs[0].topics[0], IActs.Acted.selector, "first");
        same(logs[1].topics[0], IActs.Refused.selector, "second");
        same(logs[1].topics[1], TITLE, "claimed object");
        same(logs[1].topics[2], shipper.id, "claimed principal");
        same(logs[1].topics[3], titles.digestOf(bad), "digest");
        same(logs[2].topics[0], IActs.Acted.selector, "third");
    }

    function test_acts_of_a_batch_are_executed_in_order() public {
        bytes memory first = issue(TITLE, TitleKind.ORDER, 0);
        bytes memory own = abi.encode(titles.digestOf(first), ROOT);
        bytes memory second = made(titles, TitlesVerbs.ACCEPT, shipper, TITLE, 1, own);
        relay(titles, bytes.concat(framed(second), framed(first), framed(second)));
        same(titles.titleOf(TITLE).holder, shipper.id, "holder");
        same(titles.titleOf(TITLE).counter, 2, "counter");
    }

    function test_a_batch_holds_50_acts_and_no_more() public {
        bytes memory batch;
        for (uint256 i = 0; i < 50; i++) {
            batch = bytes.concat(batch, framed(issue(keccak256(abi.encode(i)), TitleKind.ORDER, 0)));
        }
        same(relay(titles, batch).length, 50, "events");
        vm.expectRevert(IActs.BatchTooLong.selector);
        vm.prank(RELAYER);
        titles.submit(bytes.concat(batch, framed("")));
    }

    function test_a_batch_that_is_empty_or_ends_inside_an_act_is_undone() public {
        bytes memory act = framed(issue(TITLE, TitleKind.ORDER, 0));
        bytes[3] memory batches = [bytes(""), bytes.concat(act, hex"00"), bytes.concat(act, hex"0001")];
        for (uint256 i = 0; i < 3; i++) {
            vm.expectRevert(IActs.BatchMalformed.selector);
            vm.prank(RELAYER);
            titles.submit(batches[i]);
        }
        same(titles.titleOf(TITLE).state, 0, "state");
    }

    function test_a_sender_without_a_relay_key_is_refused() public {
        bytes memory batch = framed(issue(TITLE, TitleKind.ORDER, 0));
        address sender = vm.addr(carrier.key);
        vm.expectRevert(because(IActs.RelayerNotActive.selector, keyId(carrier.key)));
        vm.prank(sender);
        titles.submit(batch);
    }

    function test_a_members_relay_key_relays_until_it_is_revoked() public {
        bytes memory own = abi.encode(keyId(0x7e), KeyPurpose.RELAY, 0, 0);
        done(membership, made(membership, MembershipVerbs.ADD_KEY, bank, bank.id, 1, own));
        bytes memory batch = framed(issue(TITLE, TitleKind.ORDER, 0));
        vm.prank(vm.addr(0x7e));
        titles.submit(batch);
        same(titles.titleOf(TITLE).state, 1, "state");
        done(membership, made(membership, MembershipVerbs.REVOKE_KEY, bank, bank.id, 2, abi.encode(keyId(0x7e))));
        vm.expectRevert(because(IActs.RelayerNotActive.selector, keyId(0x7e)));
        vm.prank(vm.addr(0x7e));
        titles.submit(batch);
    }

    function test_nobody_executes_an_act_but_the_contract_itself() public {
        bytes memory act = issue(TITLE, TitleKind.ORDER, 0);
        vm.expectRevert(IActs.OnlySelf.selector);
        titles.execute(act);
    }

    function test_a_contract_says_how_much_gas_an_act_may_use() public view {
        same(titles.gasCap(), 250_000, "titles");
    }

    function test_a_relayer_that_starves_an_act_of_gas_cannot_make_it_refused() public {
        live(0);
        bytes memory act = offer(shipper, consignee.id, Capacity.HOLDER, Endorsement.NONE);
        bytes memory batch = abi.encodeCall(IActs.submit, (framed(act)));
        uint256 undone = 0;
        for (uint256 gas = 30_000; titles.titleOf(TITLE).counter == 2; gas += 5_000) {
            vm.recordLogs();
            vm.prank(RELAYER);
            (bool ok, bytes memory reason) = address(titles).call{gas: gas}(batch);
            Vm.Log[] memory logs = vm.getRecordedLogs();
            if (ok) {
                same(logs[0].topics[0], IActs.Acted.selector, "event");
            } else {
                undone++;
                holds(reason.length == 0 || bytes4(reason) == IActs.GasTooLow.selector, "reason");
            }
        }
        holds(undone > 20, "starved");
    }

    function test_a_starved_batch_is_undone_whole() public {
        bytes memory one = framed(issue(keccak256("one"), TitleKind.ORDER, 0));
        bytes memory two = framed(issue(keccak256("two"), TitleKind.ORDER, 0));
        bytes memory batch = abi.encodeCall(IActs.submit, (bytes.concat(one, two)));
        vm.prank(RELAYER);
        (bool ok, bytes memory reason) = address(titles).call{gas: 400_000}(batch);
        holds(!ok, "undone");
        same(bytes32(bytes4(reason)), bytes32(IActs.GasTooLow.selector), "reason");
        same(titles.titleOf(keccak256("one")).state, 0, "state");
    }

    function test_an_answer_of_membership_is_not_kept_beyond_its_submit() public {
        // One transaction: an act, the revocation of its key, and another act of that key.
        live(0);
        done(titles, offer(shipper, consignee.id, Capacity.HOLDER, Endorsement.NONE));
        bytes memory act = answer(TitlesVerbs.WITHDRAW, shipper);
        bytes memory own = abi.encode(keyId(shipper.key));
        done(membership, made(membership, MembershipVerbs.REVOKE_KEY, shipper, shipper.id, 1, own));
        refused(titles, act, because(IActs.KeyNotValid.selector, shipper.id, keyId(shipper.key)));
    }

    function raw(bytes memory own) private view returns (bytes memory) {
        bytes memory header = abi.encodePacked(seat(0).id, stranger.id, uint32(0), uint40(block.timestamp + 9));
        return bytes.concat(bytes2(uint16(MembershipVerbs.ADMIT_MEMBER << 8)), header, own, new bytes(65));
    }

    function withSignature(bytes memory act, bytes memory signature) private pure returns (bytes memory other) {
        other = bytes.concat(act);
        for (uint256 i = 0; i < 65; i++) {
            other[act.length - 65 + i] = signature[i];
        }
    }

    function offerAsTypedData(bytes memory act) private view returns (string memory) {
        string memory header = string.concat(
            '{"types":{"EIP712Domain":[{"name":"name","type":"string"},{"name":"version","type":"string"},',
            '{"name":"chainId","type":"uint256"},{"name":"verifyingContract","type":"address"},',
            '{"name":"salt","type":"bytes32"}],"Offer":[{"name":"principal","type":"bytes32"},',
            '{"name":"delegation","type":"bytes32"},{"name":"object","type":"bytes32"},',
            '{"name":"counter","type":"uint256"},{"name":"expires","type":"uint256"},',
            '{"name":"companion","type":"bytes32"},{"name":"to","type":"bytes32"},'
        );
        header = string.concat(
            header,
            '{"name":"capacity","type":"uint256"},{"name":"endorsement","type":"uint256"},',
            '{"name":"deadline","type":"uint256"},{"name":"root","type":"bytes32"}]},"primaryType":"Offer",',
            '"domain":{"name":"Lading","version":"1","chainId":',
            vm.toString(block.chainid),
            ',"verifyingContract":"',
            vm.toString(address(titles))
        );
        string[11] memory names = [
            "principal",
            "delegation",
            "object",
            "counter",
            "expires",
            "companion",
            "to",
            "capacity",
            "endorsement",
            "deadline",
            "root"
        ];
        header = string.concat(header, '","salt":"', vm.toString(NETWORK_ID), '"},"message":{');
        for (uint256 i = 0; i < 11; i++) {
            header = string.concat(header, i == 0 ? '"' : ',"', names[i], '":"', vm.toString(wordOf(act, i)), '"');
        }
        return string.concat(header, "}}");
    }
}
