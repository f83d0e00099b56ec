namespace StingBackup.Packager;

/// <summary>No package can be made, or none that would be right.</summary>
/// <param name="message">What is wrong.</param>
internal sealed class PackageException(string message) : Exception(message);
