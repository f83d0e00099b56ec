namespace StingBackup.Portal.SignIn;

/// <summary>Where somebody goes after a sign-in: a path of the portal's own, whatever an address says.</summary>
internal static class LocalPath
{
    private const int Longest = 2000;

    /// <summary>The path, or the first page in its place. Browsers take a backslash for a slash, and drop control characters: neither is in any address of ours.</summary>
    public static string Of(string? path) =>
        path is ['/', ..] && path.Length <= Longest && path is not ['/', '/', ..] && !path.Contains('\\', StringComparison.Ordinal) && !path.Any(char.IsControl) && Uri.TryCreate(path, UriKind.Relative, out _) ? path : "/";
}
