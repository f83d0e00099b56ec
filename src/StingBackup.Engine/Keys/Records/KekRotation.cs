using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;

namespace StingBackup.Engine.Keys;

/// <summary>The inner layer of a key record, out of its outer one.</summary>
/// <param name="Pseudonym">Whose key it is.</param>
/// <param name="Generation">Generation of the subject's key.</param>
/// <param name="KekGeneration">Which KEK it is sealed to.</param>
/// <param name="Bytes">The sealed layer.</param>
internal sealed record InnerLayer(Id16 Pseudonym, uint Generation, uint KekGeneration, byte[] Bytes);

/// <summary>
/// Seals inner layers to another KEK: what a turn of the epoch puts into its new file when the KEK changes. Within an epoch no record changes, so this never
/// writes a record itself. No pack, claim or point names a KEK.
/// </summary>
internal static class KekRotation
{
    /// <summary>Every layer sealed to the new KEK, in the same order, on all cores; a layer that is sealed to it already is passed on.</summary>
    /// <param name="layers">What is sealed to older KEKs.</param>
    /// <param name="reserveId">The reserve.</param>
    /// <param name="kekOf">Older KEKs by generation, or null for one that is not known.</param>
    /// <param name="publicKey">The new KEK's public key.</param>
    /// <param name="generation">The new KEK's generation.</param>
    /// <param name="cancel">Stops it; nothing has changed.</param>
    /// <exception cref="StingException"><c>KeyRecordDamaged</c>: a layer does not open. None is left out unseen.</exception>
    public static InnerLayer[] Reseal(
        IReadOnlyList<InnerLayer> layers, Id16 reserveId, Func<uint, AgreementKey?> kekOf, byte[] publicKey, uint generation, CancellationToken cancel)
    {
        var resealed = new InnerLayer[layers.Count];
        StingException? failure = null;
        // A key serves one thread at a time: each thread takes copies of its own.
        Parallel.For(0, layers.Count, new ParallelOptions { CancellationToken = cancel }, () => new Dictionary<uint, AgreementKey>(), (i, loop, own) =>
        {
            try
            {
                resealed[i] = layers[i].KekGeneration == generation ? layers[i] : Reseal(layers[i], reserveId, KekOf(layers[i].KekGeneration, own), publicKey, generation);
            }
            catch (StingException damaged)
            {
                Interlocked.CompareExchange(ref failure, damaged, null);
                loop.Stop();
            }
            return own;
        }, own =>
        {
            foreach (var key in own.Values)
            {
                key.Dispose();
            }
        });
        return failure is null ? resealed : throw failure;

        AgreementKey? KekOf(uint wanted, Dictionary<uint, AgreementKey> own)
        {
            if (!own.TryGetValue(wanted, out var key) && kekOf(wanted) is { } shared)
            {
                own[wanted] = key = shared.Copy();
            }
            return key;
        }
    }

    private static InnerLayer Reseal(InnerLayer layer, Id16 reserveId, AgreementKey? kek, byte[] publicKey, uint generation)
    {
        Span<byte> info = stackalloc byte[BoundInfo.MaxSize];
        info = info[..BoundInfo.Write(info, BoundInfo.KeyRecord, reserveId, layer.Pseudonym, layer.Generation)];
        using var secret = new SecretBytes(KeyRecord.SecretSize);
        return kek is not null && Hpke.TryOpen(kek, info, [], layer.Bytes, secret.Writable)
            ? layer with { KekGeneration = generation, Bytes = Hpke.Seal(publicKey, info, [], secret.Span) }
            : throw KeyRecord.Damaged("the key store", $"the record of subject {layer.Pseudonym}, generation {layer.Generation}, does not open with KEK {layer.KekGeneration}");
    }
}
