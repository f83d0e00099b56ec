using System.Reflection;
using System.Runtime.Loader;

namespace StingBackup.LoadContext;

/// <summary>
/// Keeps the module's own libraries apart from those of every other module in the session: they load here, from <c>lib/</c>,
/// and only the assembly that holds this type is shared.
/// </summary>
/// <remarks>Made by StingBackup.psm1; nothing else needs it.</remarks>
public sealed class ModuleLoadContext : AssemblyLoadContext
{
    private const string ContextName = "StingBackup";
    private const string InProgram = "StingBackup.ModuleInProgram";
    private static readonly Lock Making = new();

    private readonly string _root;
    private readonly AssemblyDependencyResolver _resolver;

    private ModuleLoadContext(string assemblyPath) : base(ContextName)
    {
        _root = assemblyPath;
        _resolver = new AssemblyDependencyResolver(assemblyPath);
    }

    /// <summary>
    /// Loads an assembly and, when they are asked for, its dependencies into a context of their own.
    /// A second call with the same path answers with the same assembly, so that importing the module again loads nothing twice.
    /// </summary>
    /// <param name="assemblyPath">Absolute path of an assembly with its <c>.deps.json</c> beside it.</param>
    /// <exception cref="InvalidOperationException">No <c>.deps.json</c> describes the assembly, or it names a file that is not there.</exception>
    public static Assembly Load(string assemblyPath)
    {
        if (AppContext.TryGetSwitch(InProgram, out var within) && within)
        {
            // A packaged program hosts no other module, and was compiled as one with these libraries.
            return Assembly.Load(new AssemblyName(Path.GetFileNameWithoutExtension(assemblyPath)));
        }
        var path = Path.GetFullPath(assemblyPath);
        lock (Making)
        {
            var context = All.OfType<ModuleLoadContext>().FirstOrDefault(c => string.Equals(c._root, path, StringComparison.Ordinal))
                ?? new ModuleLoadContext(path);
            return context.LoadFromAssemblyPath(path);
        }
    }

    /// <inheritdoc/>
    protected override Assembly? Load(AssemblyName assemblyName)
    {
        // Types that a user sees must be one and the same in every context, or `-is [StingBackup.RestorePoint]` fails.
        var contracts = typeof(ModuleLoadContext).Assembly;
        if (string.Equals(assemblyName.Name, contracts.GetName().Name, StringComparison.OrdinalIgnoreCase))
        {
            return contracts;
        }
        // What .deps.json does not name (the runtime, System.Management.Automation) comes from the default context.
        return _resolver.ResolveAssemblyToPath(assemblyName) is { } path ? LoadFromAssemblyPath(path) : null;
    }

    /// <inheritdoc/>
    protected override nint LoadUnmanagedDll(string unmanagedDllName) =>
        _resolver.ResolveUnmanagedDllToPath(unmanagedDllName) is { } path ? LoadUnmanagedDllFromPath(path) : 0;
}
