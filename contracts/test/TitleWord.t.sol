// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {LegalOrderWord} from "../src/LegalOrderWord.sol";
import {Title, TitleWord} from "../src/TitleWord.sol";
import {FreezeStage} from "../src/generated/Words.sol";
import {Test} from "./Vm.sol";

/// @dev That the packed words hold what is put into them, field by field.
contract TitleWordTest is Test {
    using TitleWord for uint256;
    using TitleWord for Title;
    using LegalOrderWord for uint256;

    uint256 private constant BITS_USED = 246;

    function test_a_titles_word_is_what_its_fields_make(uint256 word) public pure {
        word &= (1 << BITS_USED) - 1;
        same(word.unpack().pack(), word, "word");
    }

    function test_without_its_offer_a_title_keeps_all_else(uint256 word) public pure {
        word &= (1 << BITS_USED) - 1;
        Title memory t = word.unpack();
        (t.counterparty, t.deadline, t.capacity, t.endorsement, t.purpose, t.consented) = (0, 0, 0, 0, 0, 0);
        same(word.withoutOffer(), t.pack(), "word");
    }

    function test_an_orders_word_is_what_its_fields_make(uint24 by, uint24 proposer, uint24 to, bytes32 digest)
        public
        pure
    {
        uint256 word = LegalOrderWord.frozen(by, 1 << 40);
        same(word.by(), by, "by");
        same(word.transferableFrom(), 1 << 40, "from");
        same(word.proposal(), 0, "proposal");
        same(word.withoutProposal(), word, "nothing to lapse");
        word = word.proposed(uint256(proposer) | 1, to, 1, digest);
        same(word.by(), by, "by");
        same(word.proposer(), uint256(proposer) | 1, "proposer");
        same(word.to(), to, "to");
        same(word.endsLien(), 1, "endsLien");
        same(word.proposal(), uint168(uint256(digest)), "proposal");
        same(word.transferableFrom(), 0, "from");
        same(word.withoutProposal(), LegalOrderWord.frozen(by, 0), "lapsed");
        word = word.moved(FreezeStage.LIFTED);
        same(word.stage(), FreezeStage.LIFTED, "stage");
        same(word.to(), to, "to");
    }
}
