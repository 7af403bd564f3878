namespace ActorRaid.Host;

/// <summary>From what people call a container to the kernel's name of it.</summary>
internal static class ContainerName
{
    /// <summary>
    /// The kernel's name (md127) of an array that exists, for <c>md127</c>, <c>/dev/md127</c>, any other node of it,
    /// <c>/dev/md/NAME</c>, plain <c>NAME</c> under /dev/md, and each of them behind <c>initrd/</c> (mdmon's name
    /// for itself before the switch of roots). Null when there is no such array.
    /// </summary>
    /// <param name="given">What was given.</param>
    /// <param name="sysRoot">Where sysfs is mounted.</param>
    /// <param name="devRoot">Where device nodes are.</param>
    internal static string? Resolve(string given, string sysRoot = "/sys", string devRoot = "/dev")
    {
        const string initrd = "initrd/";
        if (given.StartsWith(initrd, StringComparison.Ordinal))
            given = given[initrd.Length..];
        if (given.Length == 0)
            return null;
        if (!given.Contains('/'))
        {
            return IsArray(given, sysRoot) ? given
                : OfNode(Path.Combine(devRoot, "md", given), sysRoot) ?? OfNode(Path.Combine(devRoot, given), sysRoot);
        }
        return OfNode(given, sysRoot);
    }

    private static string? OfNode(string path, string sysRoot)
    {
        if (FileIdentity.Of(path) is not { IsBlockDevice: true } node)
            return null;
        var name = DeviceName.Kernel(node.Number, sysRoot);
        return IsArray(name, sysRoot) ? name : null;
    }

    private static bool IsArray(string name, string sysRoot) =>
        name is not ("." or "..") && Directory.Exists($"{sysRoot}/block/{name}/md");
}
