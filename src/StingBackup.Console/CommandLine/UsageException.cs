namespace StingBackup.Console.CommandLine;

/// <summary>The command line is wrong. Exit code 2.</summary>
/// <param name="message">What is wrong, and the nearest right word.</param>
internal sealed class UsageException(string message) : Exception(message);
