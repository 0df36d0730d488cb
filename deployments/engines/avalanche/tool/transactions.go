package main

import (
	"context"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ava-labs/avalanchego/ids"
	"github.com/ava-labs/avalanchego/utils/constants"
	"github.com/ava-labs/avalanchego/utils/set"
	"github.com/ava-labs/avalanchego/utils/units"
	"github.com/ava-labs/avalanchego/vms/components/avax"
	"github.com/ava-labs/avalanchego/vms/platformvm"
	"github.com/ava-labs/avalanchego/vms/platformvm/reward"
	"github.com/ava-labs/avalanchego/vms/platformvm/txs"
	"github.com/ava-labs/avalanchego/vms/secp256k1fx"
	"github.com/ava-labs/avalanchego/wallet/subnet/primary"
	"github.com/ava-labs/avalanchego/wallet/subnet/primary/common"

	pbuilder "github.com/ava-labs/avalanchego/wallet/chain/p/builder"
	psigner "github.com/ava-labs/avalanchego/wallet/chain/p/signer"
	pwallet "github.com/ava-labs/avalanchego/wallet/chain/p/wallet"
)

const interval = 50 * time.Millisecond

// buildRequest asks for transactions without signatures. Council owns the treasury and the subnet; Signers are
// the members of it that will sign: they are fixed in the transactions.
type buildRequest struct {
	URI     string   `json:"uri"`
	Council Owner    `json:"council"`
	Signers []string `json:"signers"`
	Wanted  []Wanted `json:"wanted"`
}

// Wanted is one transaction; which fields count follows from the kind.
type Wanted struct {
	Kind       string    `json:"kind"` // subnet, validator, chain, stake, remove, council
	Subnet     string    `json:"subnet,omitempty"`
	NodeID     string    `json:"node_id,omitempty"`
	End        uint64    `json:"end,omitempty"` // UTC seconds
	Weight     uint64    `json:"weight,omitempty"`
	Genesis    string    `json:"genesis,omitempty"` // the chain's, as text
	VM         string    `json:"vm,omitempty"`
	Name       string    `json:"name,omitempty"`
	Validator  *Identity `json:"validator,omitempty"`
	StakeAVAX  uint64    `json:"stake_avax,omitempty"`
	NewCouncil *Owner    `json:"new_council,omitempty"`
}

// build makes each transaction from outputs of its own of the treasury, so that none waits for another.
func build(ctx context.Context, request buildRequest) (any, error) {
	signers, err := readAddresses(request.Signers)
	if err != nil {
		return nil, err
	}
	council, err := request.Council.read()
	if err != nil {
		return nil, err
	}
	var made []*txs.Tx
	spent := set.Set[ids.ID]{}
	for _, wanted := range request.Wanted {
		tx, err := buildOne(ctx, request.URI, set.Of(signers...), council, wanted, spent)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", wanted.Kind, err)
		}
		spent.Union(tx.Unsigned.InputIDs())
		made = append(made, tx)
	}
	return written(made)
}

func buildOne(
	ctx context.Context, uri string, who set.Set[ids.ShortID], council *secp256k1fx.OutputOwners, wanted Wanted, spent set.Set[ids.ID],
) (*txs.Tx, error) {
	subnet := ids.Empty
	var err error
	if wanted.Subnet != "" {
		if subnet, err = ids.FromString(wanted.Subnet); err != nil {
			return nil, err
		}
	}
	fees, backend, err := chainState(ctx, uri, who, subnet)
	if err != nil {
		return nil, err
	}
	builder := pbuilder.WithOptions(
		pbuilder.New(who, fees, unused{backend, spent}), common.WithChangeOwner(council),
	)
	unsigned, err := unsignedTx(builder, wanted, subnet, council, fees.AVAXAssetID)
	if err != nil {
		return nil, err
	}
	// A key chain with no keys lays out the empty places of the signatures.
	return psigner.SignUnsigned(ctx, psigner.New(secp256k1fx.NewKeychain(), backend), unsigned)
}

// unused leaves out the treasury's outputs that transactions built before it spend.
type unused struct {
	pwallet.Backend
	spent set.Set[ids.ID]
}

func (u unused) UTXOs(ctx context.Context, source ids.ID) ([]*avax.UTXO, error) {
	found, err := u.Backend.UTXOs(ctx, source)
	return slices.DeleteFunc(found, func(each *avax.UTXO) bool {
		return u.spent.Contains(each.InputID())
	}), err
}

func unsignedTx(
	builder pbuilder.Builder, wanted Wanted, subnet ids.ID, council *secp256k1fx.OutputOwners, asset ids.ID,
) (txs.UnsignedTx, error) {
	switch wanted.Kind {
	case "subnet":
		return builder.NewCreateSubnetTx(council)
	case "chain":
		vm, err := ids.FromString(wanted.VM)
		if err != nil {
			return nil, err
		}
		return builder.NewCreateChainTx(subnet, []byte(wanted.Genesis), vm, nil, wanted.Name)
	case "council":
		next, err := wanted.NewCouncil.read()
		if err != nil {
			return nil, err
		}
		return builder.NewTransferSubnetOwnershipTx(subnet, next)
	}
	node, err := ids.NodeIDFromString(wanted.NodeID)
	if err != nil {
		return nil, err
	}
	validator := txs.Validator{
		NodeID: node, Start: uint64(time.Now().Unix()), End: wanted.End, Wght: wanted.Weight,
	}
	switch wanted.Kind {
	case "validator":
		return builder.NewAddSubnetValidatorTx(&txs.SubnetValidator{Validator: validator, Subnet: subnet})
	case "remove":
		return builder.NewRemoveSubnetValidatorTx(node, subnet)
	case "stake":
		validator.Wght = wanted.StakeAVAX * units.Avax
		return builder.NewAddPermissionlessValidatorTx(
			&txs.SubnetValidator{Validator: validator, Subnet: constants.PrimaryNetworkID},
			wanted.Validator.Signer, asset, council, council, reward.PercentDenominator,
		)
	}
	return nil, fmt.Errorf("there is no such transaction")
}

type signRequest struct {
	URI          string   `json:"uri"`
	Transactions []string `json:"transactions"` // hex
	PrivateKey   string   `json:"private_key"`  // hex
}

// sign puts one key's signatures where the transactions have a place for them; others' stay.
func sign(ctx context.Context, request signRequest) (any, error) {
	made, err := readTxs(request.Transactions)
	if err != nil {
		return nil, err
	}
	key, err := readKey(request.PrivateKey)
	if err != nil {
		return nil, err
	}
	for _, tx := range made {
		_, backend, err := chainState(ctx, request.URI, set.Of(key.Address()), subnetOf(tx))
		if err != nil {
			return nil, err
		}
		before, _ := signatures(tx)
		if err := psigner.New(secp256k1fx.NewKeychain(key), backend).Sign(ctx, tx); err != nil {
			return nil, err
		}
		if after, _ := signatures(tx); after == before {
			return nil, fmt.Errorf("a transaction has no place for this key's signature, or has it already")
		}
	}
	return written(made)
}

type issueRequest struct {
	URI          string   `json:"uri"`
	Transactions []string `json:"transactions"`
	Together     bool     `json:"together"` // none needs another to be accepted first
}

// issue hands transactions to a node, and returns once the network has accepted them.
func issue(ctx context.Context, request issueRequest) (any, error) {
	made, err := readTxs(request.Transactions)
	if err != nil {
		return nil, err
	}
	client := platformvm.NewClient(request.URI)
	var issued []string
	for _, tx := range made {
		id, err := client.IssueTx(ctx, tx.Bytes())
		if err != nil {
			return nil, err
		}
		issued = append(issued, id.String())
		if request.Together {
			continue
		}
		if err := platformvm.AwaitTxAccepted(client, ctx, id, interval); err != nil {
			return nil, err
		}
	}
	for _, tx := range made {
		if err := platformvm.AwaitTxAccepted(client, ctx, tx.ID(), interval); err != nil {
			return nil, err
		}
	}
	return map[string][]string{"ids": issued}, nil
}

// chainState asks a node for what building and signing need: fees, these addresses' outputs, the subnet's owner.
func chainState(
	ctx context.Context, uri string, who set.Set[ids.ShortID], subnet ids.ID,
) (*pbuilder.Context, pwallet.Backend, error) {
	client, fees, utxos, err := primary.FetchPState(ctx, uri, who)
	if err != nil {
		return nil, nil, err
	}
	var subnets []ids.ID
	if subnet != ids.Empty {
		subnets = []ids.ID{subnet}
	}
	owners, err := platformvm.GetOwners(client, ctx, subnets, nil)
	if err != nil {
		return nil, nil, err
	}
	return fees, pwallet.NewBackend(common.NewChainUTXOs(constants.PlatformChainID, utxos), owners), nil
}

func readTxs(texts []string) ([]*txs.Tx, error) {
	var read []*txs.Tx
	for _, text := range texts {
		raw, err := hex.DecodeString(strings.TrimSpace(text))
		if err != nil {
			return nil, fmt.Errorf("a transaction is not hex")
		}
		tx, err := txs.Parse(txs.Codec, raw)
		if err != nil {
			return nil, err
		}
		read = append(read, tx)
	}
	return read, nil
}
