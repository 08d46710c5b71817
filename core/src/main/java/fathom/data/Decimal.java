package fathom.data;

import java.util.Locale;
import java.util.Set;

/**
 * Decimal numbers in text, by one grammar for every locale: a sign, digits with at most one point,
 * an exponent. Neither hexadecimal nor type suffixes, which Java's own parser lets through.
 */
final class Decimal {
  /** So many digits fit into a float's 24 bits whatever they are. */
  private static final int EXACT_DIGITS = 7;

  private static final Set<String> NON_FINITE = Set.of("nan", "inf", "infinity");

  private Decimal() {}

  static boolean isNumber(String text) {
    int end = text.length();
    int i = afterSign(text, 0);
    int whole = digits(text, i);
    int fraction = whole < end && text.charAt(whole) == '.' ? whole + 1 : whole;
    int mantissa = digits(text, fraction);
    if (mantissa - i - (fraction - whole) == 0) {
      return false;
    }
    if (mantissa == end) {
      return true;
    }
    if ((text.charAt(mantissa) | 0x20) != 'e') {
      return false;
    }
    int exponent = afterSign(text, mantissa + 1);
    return exponent < end && digits(text, exponent) == end;
  }

  /** Returns whether the text stands for NaN or an infinity, in any of the usual spellings. */
  static boolean isNonFinite(String text) {
    String word = text.substring(afterSign(text, 0));
    return word.length() <= 8 && NON_FINITE.contains(word.toLowerCase(Locale.ROOT));
  }

  /** Returns the nearest float to a number; infinite if it is out of range. */
  static float toFloat(String number) {
    if (number.length() > EXACT_DIGITS) {
      return Float.parseFloat(number);
    }
    int value = 0;
    for (int i = 0; i < number.length(); i++) {
      int digit = number.charAt(i) - '0';
      if (digit < 0 || digit > 9) {
        return Float.parseFloat(number);
      }
      value = 10 * value + digit;
    }
    return value;
  }

  /** Returns the number in one spelling for each value: 1 for 1, 01, +1.0 and 1e0. */
  static String canonical(String number) {
    double value = Double.parseDouble(number);
    return isWhole(value) ? Long.toString((long) value) : Double.toString(value);
  }

  /** Returns whether the value is a whole number that a double holds exactly. */
  static boolean isWhole(double value) {
    return value == Math.rint(value) && Math.abs(value) <= 0x1p53;
  }

  private static int afterSign(String text, int from) {
    boolean signed = from < text.length() && (text.charAt(from) == '-' || text.charAt(from) == '+');
    return signed ? from + 1 : from;
  }

  private static int digits(String text, int from) {
    int i = from;
    while (i < text.length() && text.charAt(i) >= '0' && text.charAt(i) <= '9') {
      i++;
    }
    return i;
  }
}
