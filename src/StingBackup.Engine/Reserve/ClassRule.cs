namespace StingBackup.Engine.Reserve;

/// <summary>A rule of the configuration: what matches the glob is of this class, and, where it says so, of this subject.</summary>
/// <param name="Glob">See <c>docs/configuration.md</c> for the syntax.</param>
/// <param name="DataClass">The class of what matches.</param>
/// <param name="Subject">
/// A canonical name, or one that ends in <c>{n}</c>, the n-th component of the path (from 1): <c>user:{2}</c> (an id, an e-mail address or a folder name),
/// <c>jar:{2}</c>, <c>path:Reports/{2}</c>. Null leaves the subject as the folders <c>users</c> and <c>jars</c> say it.
/// </param>
public sealed record ClassRule(string Glob, DataClass DataClass, string? Subject)
{
    /// <summary>For people, and for comparing two runs.</summary>
    public override string ToString() => Subject is null ? $"{Glob} = {DataClass}" : $"{Glob} = {DataClass} of {Subject}";
}
