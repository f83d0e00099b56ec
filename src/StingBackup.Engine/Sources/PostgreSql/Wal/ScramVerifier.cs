using System.Security.Cryptography;
using System.Text;

namespace StingBackup.Engine.Sources.PostgreSql.Wal;

/// <summary>A password as servers keep it (RFC 5803): so that the password itself never stands in a statement, which a server may log.</summary>
internal static class ScramVerifier
{
    private const int Iterations = 4096;

    /// <summary>Makes one; ASCII passwords only, since others need SASLprep.</summary>
    /// <exception cref="StingException"><c>PostgresPasswordNotAscii</c></exception>
    public static string Make(string password, ReadOnlySpan<byte> salt)
    {
        if (!Ascii.IsValid(password))
        {
            throw new StingException("PostgresPasswordNotAscii", FailureKind.InvalidArgument, "The replication role's password holds characters beyond ASCII.", null, "Choose one of ASCII characters.");
        }
        var salted = Rfc2898DeriveBytes.Pbkdf2(Encoding.ASCII.GetBytes(password), salt, Iterations, HashAlgorithmName.SHA256, 32);
        var stored = SHA256.HashData(HMACSHA256.HashData(salted, "Client Key"u8));
        return $"SCRAM-SHA-256${Iterations}:{Convert.ToBase64String(salt)}${Convert.ToBase64String(stored)}:{Convert.ToBase64String(HMACSHA256.HashData(salted, "Server Key"u8))}";
    }
}
