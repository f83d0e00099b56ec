using System.Security.Cryptography;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Keys;
using Xunit.Abstractions;

namespace StingBackup.Engine.Tests.Keys;

public sealed class KekRotationTests(ITestOutputHelper output)
{
    private static readonly Id16 Reserve = new(RandomNumberGenerator.GetBytes(16));

    [Fact]
    public void Every_layer_opens_with_the_new_key_alone_and_holds_what_it_held()
    {
        const int count = 2_000;
        using var old = AgreementKey.Generate();
        using var renewed = AgreementKey.Generate();
        var secrets = Enumerable.Range(0, count).Select(_ => RandomNumberGenerator.GetBytes(KeyRecord.SecretSize)).ToList();
        var layers = secrets.Select((secret, i) => Seal(secret, (uint)(i % 3) + 1, old)).ToList();
        var began = TimeProvider.System.GetTimestamp();
        var resealed = KekRotation.Reseal(layers, Reserve, generation => generation == 1 ? old : null, renewed.PublicKey.ToArray(), 2, default);
        output.WriteLine($"{count} records: {TimeProvider.System.GetElapsedTime(began).TotalSeconds} s");
        for (var i = 0; i < count; i++)
        {
            Assert.Equal((layers[i].Pseudonym, layers[i].Generation, 2u), (resealed[i].Pseudonym, resealed[i].Generation, resealed[i].KekGeneration));
            Assert.Equal(secrets[i], Open(resealed[i], renewed));
            Assert.Null(Open(resealed[i], old));
        }
        // Cut off and repeated: what is sealed to the new key is passed on, so the old one may be gone.
        Assert.Equal(resealed, KekRotation.Reseal(resealed, Reserve, _ => null, renewed.PublicKey.ToArray(), 2, default));
    }

    [Fact]
    public void A_layer_that_does_not_open_stops_the_rotation_by_name()
    {
        using var old = AgreementKey.Generate();
        using var renewed = AgreementKey.Generate();
        var layers = Enumerable.Range(0, 20).Select(_ => Seal(RandomNumberGenerator.GetBytes(KeyRecord.SecretSize), 1, old)).ToList();
        layers[7].Bytes[80] ^= 1;
        var damaged = Assert.Throws<StingException>(() => KekRotation.Reseal(layers, Reserve, _ => old, renewed.PublicKey.ToArray(), 2, default));
        Assert.Equal("KeyRecordDamaged", damaged.ErrorId);
        Assert.Contains(layers[7].Pseudonym.ToString(), damaged.Message, StringComparison.Ordinal);
    }

    private static InnerLayer Seal(byte[] secret, uint generation, AgreementKey kek)
    {
        var pseudonym = new Id16(RandomNumberGenerator.GetBytes(16));
        return new InnerLayer(pseudonym, generation, 1, Hpke.Seal(kek.PublicKey.Span, Info(pseudonym, generation), [], secret));
    }

    private static byte[]? Open(InnerLayer layer, AgreementKey kek)
    {
        var secret = new byte[KeyRecord.SecretSize];
        return Hpke.TryOpen(kek, Info(layer.Pseudonym, layer.Generation), [], layer.Bytes, secret) ? secret : null;
    }

    private static byte[] Info(Id16 pseudonym, uint generation)
    {
        var info = new byte[BoundInfo.MaxSize];
        return info[..BoundInfo.Write(info, BoundInfo.KeyRecord, Reserve, pseudonym, generation)];
    }
}
