package lib.way;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** One IPv4 address, or a range of them: {@code 203.0.113.0/24}. */
record Addresses(int first, int bits) {
    /** A wider range is nobody's own network. */
    static final int FEWEST_BITS = 16;
    private static final Pattern FORM =
            Pattern.compile("(\\d{1,3})\\.(\\d{1,3})\\.(\\d{1,3})\\.(\\d{1,3})(?:/(\\d{1,2}))?");
    /** Private, shared by a provider's customers, loopback, link-local, multicast and beyond. */
    private static final String[] NOT_OPEN = {"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8",
        "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16", "224.0.0.0/3"};

    /** Reads an address or a range; null when the text is neither. */
    static Addresses parse(String text) {
        Matcher found = FORM.matcher(text);
        if (!found.matches()) {
            return null;
        }
        int address = 0;
        for (int part = 1; part <= 4; part++) {
            int value = Integer.parseInt(found.group(part));
            if (value > 255) {
                return null;
            }
            address = address << 8 | value;
        }
        int bits = found.group(5) == null ? 32 : Integer.parseInt(found.group(5));
        return bits > 32 ? null : new Addresses(address & mask(bits), bits);
    }

    private static int mask(int bits) {
        return bits == 0 ? 0 : -1 << 32 - bits;
    }

    /** Whether all of the other lie in it. */
    boolean holds(Addresses other) {
        return other.bits >= bits && (other.first & mask(bits)) == first;
    }

    /** Whether the whole world can see it. */
    boolean open() {
        for (String range : NOT_OPEN) {
            if (parse(range).holds(this)) {
                return false;
            }
        }
        return true;
    }

    @Override
    public String toString() {
        String address = (first >>> 24) + "." + (first >>> 16 & 255) + "." + (first >>> 8 & 255) + "." + (first & 255);
        return bits == 32 ? address : address + "/" + bits;
    }
}
