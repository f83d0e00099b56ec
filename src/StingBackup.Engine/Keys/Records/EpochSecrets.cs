using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;

namespace StingBackup.Engine.Keys;

/// <summary>
/// The secret of an epoch, 32 random bytes, in two or three places that can truly forget: <c>epoch-0000000001.secret</c> = reserve id 16 ‖ epoch u32 ‖ secret 32, framed.
/// The signed turn holds a check of it, so that a place with another secret is found out.
/// </summary>
internal sealed class EpochSecrets(IKeyFiles files, IReadOnlyList<string> places)
{
    private const int PayloadSize = Id16.Size + sizeof(uint) + Size;

    /// <summary>Length of a secret.</summary>
    public const int Size = 32;

    /// <summary><c>epoch-0000000001.secret</c></summary>
    public static string NameOf(uint epoch) => string.Create(CultureInfo.InvariantCulture, $"epoch-{epoch:d10}.secret");

    /// <summary>HKDF-Expand(secret, "sting1 turn" ‖ reserve id ‖ epoch u32, 32): stands in the turn, says nothing of the secret.</summary>
    public static byte[] CheckOf(ReadOnlySpan<byte> secret, Id16 reserveId, uint epoch)
    {
        Span<byte> info = stackalloc byte[11 + Id16.Size + sizeof(uint)];
        "sting1 turn"u8.CopyTo(info);
        reserveId.CopyTo(info[11..]);
        BinaryPrimitives.WriteUInt32LittleEndian(info[27..], epoch);
        var check = new byte[32];
        HKDF.Expand(HashAlgorithmName.SHA256, secret, check, info);
        return check;
    }

    /// <summary>Writes a new secret to every place and reads each back.</summary>
    public void Create(Id16 reserveId, uint epoch, SecretBytes secret)
    {
        var bytes = ToBytes(reserveId, epoch, secret);
        try
        {
            foreach (var place in places)
            {
                var path = Path.Combine(place, NameOf(epoch));
                files.MakeFolder(place);
                if (!files.Create(path, bytes))
                {
                    throw new StingException("KeysExist", FailureKind.AlreadyExists, $"'{path}' exists already.", path,
                        "Choose other epoch places: a secret that stands there may be the only one that opens another reserve.");
                }
                CheckReadsBack(path, bytes);
            }
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes);
        }
    }

    /// <summary>Puts the secret back into a place where it is missing or wrong; false when it stood there.</summary>
    /// <exception cref="StingException"><c>EpochSecretMissing</c> when the place itself is not there: what is not mounted must not be written to.</exception>
    public bool Refill(string place, Id16 reserveId, uint epoch, SecretBytes secret)
    {
        var path = Path.Combine(place, NameOf(epoch));
        var bytes = ToBytes(reserveId, epoch, secret);
        try
        {
            if (files.List(place) is null)
            {
                throw Missing(path, epoch);
            }
            if (files.Read(path).AsSpan().SequenceEqual(bytes))
            {
                return false;
            }
            files.Replace(path, bytes);
            CheckReadsBack(path, bytes);
            return true;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes);
        }
    }

    /// <summary>Looks into every place; the caller disposes what it is given. What is wrong with a place is told, the next one serves.</summary>
    /// <returns>The secret, or null when no place has it.</returns>
    public SecretBytes? Open(Id16 reserveId, uint epoch, ReadOnlySpan<byte> check, List<StingException> faults)
    {
        SecretBytes? found = null;
        foreach (var place in places)
        {
            var path = Path.Combine(place, NameOf(epoch));
            try
            {
                var secret = OpenAt(path, reserveId, epoch, check);
                if (found is null)
                {
                    found = secret;
                }
                else
                {
                    secret.Dispose();
                }
            }
            catch (StingException fault)
            {
                faults.Add(fault);
            }
        }
        return found;
    }

    private SecretBytes OpenAt(string path, Id16 reserveId, uint epoch, ReadOnlySpan<byte> check)
    {
        var bytes = files.Read(path) ?? throw Missing(path, epoch);
        try
        {
            var payload = KeyFrame.ReadWhole(bytes, KeyFileKind.EpochSecret, path).Span;
            if (payload.Length != PayloadSize || new Id16(payload) != reserveId || BinaryPrimitives.ReadUInt32LittleEndian(payload[16..]) != epoch)
            {
                throw KeyFrame.Damaged(path, $"it is not of reserve {reserveId}, epoch {epoch}");
            }
            return CryptographicOperations.FixedTimeEquals(CheckOf(payload[20..], reserveId, epoch), check)
                ? SecretBytes.CopyOf(payload[20..])
                : throw KeyFrame.Damaged(path, "it holds another secret than the one this epoch began with");
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes);
        }
    }

    private void CheckReadsBack(string path, byte[] bytes)
    {
        var back = files.Read(path);
        var same = back.AsSpan().SequenceEqual(bytes);
        CryptographicOperations.ZeroMemory(back);
        if (!same)
        {
            throw KeyFrame.Damaged(path, "it does not read back as it was written");
        }
    }

    private static byte[] ToBytes(Id16 reserveId, uint epoch, SecretBytes secret)
    {
        using var payload = new SecretBytes(PayloadSize);
        reserveId.CopyTo(payload.Writable);
        BinaryPrimitives.WriteUInt32LittleEndian(payload.Writable[16..], epoch);
        secret.Span.CopyTo(payload.Writable[20..]);
        return KeyFrame.Write(KeyFileKind.EpochSecret, payload.Span);
    }

    private static StingException Missing(string path, uint epoch) => new(
        "EpochSecretMissing", FailureKind.NotFound, $"Epoch place '{path}' has no secret of epoch {epoch}.", path,
        "Mount the place; if it is lost, make its folder anew and run Repair-StingRepository with the key file's passphrase: it refills the place from another one.");
}
