using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;

namespace StingBackup.Engine.Keys;

/// <summary>
/// A machine that asks to be enrolled as a host: its public keys and name, signed by its own signing key, so that the fingerprint of that key, compared over another
/// way, vouches for all of it. Holds nothing secret.
/// </summary>
/// <param name="WriterId">Who it will be in the repository.</param>
/// <param name="HostName">For people.</param>
/// <param name="SigningKey">65 bytes.</param>
/// <param name="EncryptionKey">65 bytes.</param>
/// <param name="CreatedNs">When it was made, nanoseconds since 1970 UTC.</param>
internal sealed record HostRequest(Id16 WriterId, string HostName, byte[] SigningKey, byte[] EncryptionKey, long CreatedNs)
{
    /// <summary>What people compare on both machines.</summary>
    public string Fingerprint => Cryptography.Fingerprint.Of(SigningKey);

    /// <summary>As the key role would enrol it.</summary>
    public EnrolledWriter ToWriter() => new(WriterId, HostName, SigningKey, EncryptionKey, LastGoodSequence: null);

    /// <summary>Whether people can be shown it: it comes from another machine.</summary>
    public static bool IsHostName(string name) => name.Length is > 0 and <= 253 && !name.Any(char.IsControl) && name.Trim().Length == name.Length;

    /// <summary>A host's request as a file.</summary>
    public static byte[] Write(HostKeys host)
    {
        var cbor = CborFields.StartMap(6);
        CborFields.Write(cbor, 1, Suite.P256);
        CborFields.Write(cbor, 2, host.WriterId.ToArray());
        cbor.WriteInt32(3);
        cbor.WriteTextString(host.HostName);
        CborFields.Write(cbor, 4, host.SigningKey.PublicKey.ToArray());
        CborFields.Write(cbor, 5, host.EncryptionKey.PublicKey.ToArray());
        CborFields.Write(cbor, 6, host.CreatedNs);
        return KeyFrame.Sign(KeyFileKind.HostRequest, CborFields.End(cbor), host.SigningKey);
    }

    /// <summary>Reads one and checks that whoever made it has the signing key that it names.</summary>
    /// <exception cref="StingException"><c>KeyFileDamaged</c>, <c>FormatTooNew</c>, <c>SuiteUnknown</c></exception>
    public static HostRequest Read(byte[] bytes, string path)
    {
        CborFields Fields(ReadOnlyMemory<byte> payload) => new(payload, path, (why, inner) => KeyFrame.Damaged(path, why, inner));
        var fields = Fields(KeyFrame.ReadSigned(bytes, KeyFileKind.HostRequest, path,
            (payload, signed, signature) => SignatureVerifier.Verify(Fields(payload).Bytes(4, P256.PublicSize), signed, signature)));
        Suite.Check(fields.Number(1), path);
        var request = new HostRequest(new Id16(fields.Bytes(2, Id16.Size)), fields.Text(3), fields.Bytes(4, P256.PublicSize), fields.Bytes(5, P256.PublicSize), fields.Long(6));
        fields.CheckOthers(6);
        if (!IsHostName(request.HostName))
        {
            throw KeyFrame.Damaged(path, "it names no host");
        }
        return P256.IsPublicKey(request.EncryptionKey) ? request : throw KeyFrame.Damaged(path, "its key is no point of the curve");
    }
}
