package main

import (
	"context"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"

	"github.com/ava-labs/avalanchego/ids"
	"github.com/ava-labs/avalanchego/staking"
	"github.com/ava-labs/avalanchego/utils"
	"github.com/ava-labs/avalanchego/utils/constants"
	"github.com/ava-labs/avalanchego/utils/crypto/bls/signer/localsigner"
	"github.com/ava-labs/avalanchego/utils/crypto/secp256k1"
	"github.com/ava-labs/avalanchego/utils/formatting/address"
	"github.com/ava-labs/avalanchego/vms/platformvm/signer"
	"github.com/ava-labs/avalanchego/vms/secp256k1fx"
)

// Identity is the public half of a validator's own keys: TLS certificate and BLS key.
type Identity struct {
	NodeID string                    `json:"node_id"`
	Signer *signer.ProofOfPossession `json:"signer"`
}

type inDirectory struct {
	Directory string `json:"directory"`
}

func stakingFiles(directory string) (certificate, key, bls string) {
	return filepath.Join(directory, "staker.crt"), filepath.Join(directory, "staker.key"),
		filepath.Join(directory, "signer.key")
}

// makeKeys makes a validator's staking certificate and BLS key; what is there already stays.
func makeKeys(ctx context.Context, request inDirectory) (any, error) {
	certificate, key, bls := stakingFiles(request.Directory)
	if err := os.MkdirAll(request.Directory, 0o700); err != nil {
		return nil, err
	}
	if err := staking.InitNodeStakingKeyPair(key, certificate); err != nil {
		return nil, err
	}
	if _, err := os.Stat(bls); os.IsNotExist(err) {
		made, err := localsigner.New()
		if err != nil {
			return nil, err
		}
		if err := os.WriteFile(bls, made.ToBytes(), 0o600); err != nil {
			return nil, err
		}
	}
	return readIdentity(ctx, request)
}

func readIdentity(_ context.Context, request inDirectory) (any, error) {
	certificate, key, bls := stakingFiles(request.Directory)
	pair, err := staking.LoadTLSCertFromFiles(key, certificate)
	if err != nil {
		return nil, err
	}
	parsed, err := staking.ParseCertificate(pair.Leaf.Raw)
	if err != nil {
		return nil, err
	}
	secret, err := os.ReadFile(bls)
	if err != nil {
		return nil, err
	}
	own, err := localsigner.FromBytes(secret)
	if err != nil {
		return nil, err
	}
	proof, err := signer.NewProofOfPossession(own)
	if err != nil {
		return nil, err
	}
	return Identity{NodeID: ids.NodeIDFromCert(parsed).String(), Signer: proof}, nil
}

type ofKey struct {
	NetworkID  uint32 `json:"network_id"`
	PrivateKey string `json:"private_key"`
}

// addressOf tells the P-chain address of a secp256k1 key.
func addressOf(_ context.Context, request ofKey) (any, error) {
	key, err := readKey(request.PrivateKey)
	if err != nil {
		return nil, err
	}
	told, err := address.Format("P", constants.GetHRP(request.NetworkID), key.Address().Bytes())
	return map[string]string{"address": told}, err
}

// readKey reads 32 bytes of hex.
func readKey(text string) (*secp256k1.PrivateKey, error) {
	secret, err := hex.DecodeString(text)
	if err != nil {
		return nil, fmt.Errorf("the private key is not hex")
	}
	return secp256k1.ToPrivateKey(secret)
}

// Owner is who has to sign: any Threshold of Addresses.
type Owner struct {
	Threshold uint32   `json:"threshold"`
	Addresses []string `json:"addresses"`
}

func (o Owner) read() (*secp256k1fx.OutputOwners, error) {
	addresses, err := readAddresses(o.Addresses)
	if err != nil {
		return nil, err
	}
	owners := &secp256k1fx.OutputOwners{Threshold: o.Threshold, Addrs: addresses}
	return owners, owners.Verify()
}

// readAddresses reads P-chain addresses and sorts them, as outputs must have them.
func readAddresses(texts []string) ([]ids.ShortID, error) {
	read := make([]ids.ShortID, 0, len(texts))
	for _, text := range texts {
		id, err := address.ParseToID(text)
		if err != nil {
			return nil, fmt.Errorf("%s is no address: %w", text, err)
		}
		read = append(read, id)
	}
	utils.Sort(read)
	return read, nil
}
