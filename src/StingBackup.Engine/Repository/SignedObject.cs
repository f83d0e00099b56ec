using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;

namespace StingBackup.Engine.Repository;

/// <summary>Opens objects that one identity signed.</summary>
internal static class SignedObject
{
    /// <summary>Checks frame and signature, and gives the payload.</summary>
    /// <exception cref="StingException"><c>ObjectDamaged</c>, <c>FormatTooNew</c></exception>
    public static ReadOnlyMemory<byte> Open(string name, ReadOnlyMemory<byte> bytes, ObjectKind kind, ReadOnlySpan<byte> signingKey)
    {
        var parts = ObjectFrame.Split(bytes, kind, name);
        return SignatureVerifier.Verify(signingKey, parts.Signed.Span, parts.Signature.Span)
            ? parts.Payload
            : throw Failures.Damaged(name, "its signature does not fit");
    }

    /// <summary>The fields of a payload.</summary>
    public static CborFields Fields(string name, ReadOnlyMemory<byte> payload) =>
        new(payload, name, (why, inner) => Failures.Damaged(name, why, inner));
}
